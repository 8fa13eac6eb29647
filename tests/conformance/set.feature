Feature: Set

  Scenario: Set literals and expressions
    Given a workflow with definition:
      """yaml
      document: {dsl: 1.0.3, namespace: tests, name: set, version: 0.1.0}
      do:
      - setShape:
          set:
            shape: circle
            size: ${ .configuration.size }
            fill: ${ .configuration.fill }
      """
    And given the workflow input is:
      """yaml
      configuration: {size: 6, fill: {red: 69, green: 69, blue: 69}}
      """
    When the workflow is executed
    Then the workflow should complete with output:
      """yaml
      {shape: circle, size: 6, fill: {red: 69, green: 69, blue: 69}}
      """

  Scenario: Set a whole expression
    Given a workflow with definition:
      """yaml
      do:
      - pick:
          set: '${ .order | {id, total: (.lines | map(.price) | add)} }'
      """
    And given the workflow input is:
      """yaml
      order: {id: 7, lines: [{price: 10}, {price: 20}]}
      """
    When the workflow is executed
    Then the workflow should complete with output:
      """yaml
      {id: 7, total: 30}
      """

  Scenario: A set replaces its input
    Given a workflow with definition:
      """yaml
      do:
      - one: {set: {a: 1}}
      - two: {set: {b: 2}}
      """
    When the workflow is executed
    Then the workflow should complete with output:
      """yaml
      {b: 2}
      """

  Scenario: Expressions keep the type of their result
    Given a workflow with definition:
      """yaml
      do:
      - types:
          set:
            number: ${ .n + 1 }
            text: ${ "n is \(.n)" }
            yes: ${ .n > 0 }
            nothing: ${ .missing }
            list: ${ [.n, .n] }
      """
    And given the workflow input is:
      """yaml
      n: 3
      """
    When the workflow is executed
    Then the workflow should complete with output:
      """yaml
      {number: 4, text: n is 3, yes: true, nothing: null, list: [3, 3]}
      """

  Scenario: Expressions are found at any depth
    Given a workflow with definition:
      """yaml
      do:
      - deep:
          set:
            a: [{b: ["${ .x }", literal]}, "${ .x }"]
      """
    And given the workflow input is:
      """yaml
      x: 1
      """
    When the workflow is executed
    Then the workflow should complete with output:
      """yaml
      {a: [{b: [1, literal]}, 1]}
      """

  Scenario: Text around an expression is not evaluated
    Given a workflow with definition:
      """yaml
      do:
      - greet: {set: {text: "Hello ${ .name }!"}}
      """
    And given the workflow input is:
      """yaml
      name: Ada
      """
    When the workflow is executed
    Then the workflow should complete with output:
      """yaml
      {text: 'Hello ${ .name }!'}
      """

  Scenario: What an expression yields is never evaluated again
    Given a workflow with definition:
      """yaml
      do:
      - one: {set: {text: "${ .text }"}}
      """
    And given the workflow input is:
      """yaml
      text: ${ 1 + 1 }
      """
    When the workflow is executed
    Then the workflow should complete with output:
      """yaml
      {text: '${ 1 + 1 }'}
      """

  Scenario: Without an input the data is null
    Given a workflow with definition:
      """yaml
      do:
      - add: {set: {colors: '${ .colors + ["red"] }'}}
      - more: {set: {colors: '${ .colors + ["green"] }'}}
      """
    When the workflow is executed
    Then the workflow should complete with output:
      """yaml
      {colors: [red, green]}
      """
