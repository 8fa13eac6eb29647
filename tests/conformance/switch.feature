Feature: Switch

  Scenario: The case red matches
    Given a workflow with definition:
      """yaml
      document: {dsl: 1.0.3, namespace: tests, name: switch, version: 0.1.0}
      do:
      - switchColor:
          switch:
          - red: {when: '.color == "red"', then: setRed}
          - green: {when: '.color == "green"', then: setGreen}
          - blue: {when: '.color == "blue"', then: setBlue}
      - setRed: {set: {colors: [red]}, then: end}
      - setGreen: {set: {colors: [green]}, then: end}
      - setBlue: {set: {colors: [blue]}, then: end}
      """
    And given the workflow input is:
      """yaml
      color: red
      """
    When the workflow is executed
    Then the workflow should complete with output:
      """yaml
      {colors: [red]}
      """
    And the tasks should run in this order: switchColor, setRed

  Scenario: The case green matches
    Given a workflow with definition:
      """yaml
      document: {dsl: 1.0.3, namespace: tests, name: switch, version: 0.1.0}
      do:
      - switchColor:
          switch:
          - red: {when: '.color == "red"', then: setRed}
          - green: {when: '.color == "green"', then: setGreen}
          - blue: {when: '.color == "blue"', then: setBlue}
      - setRed: {set: {colors: [red]}, then: end}
      - setGreen: {set: {colors: [green]}, then: end}
      - setBlue: {set: {colors: [blue]}, then: end}
      """
    And given the workflow input is:
      """yaml
      color: green
      """
    When the workflow is executed
    Then the workflow should complete with output:
      """yaml
      {colors: [green]}
      """
    And the tasks should run in this order: switchColor, setGreen

  Scenario: The case blue matches
    Given a workflow with definition:
      """yaml
      document: {dsl: 1.0.3, namespace: tests, name: switch, version: 0.1.0}
      do:
      - switchColor:
          switch:
          - red: {when: '.color == "red"', then: setRed}
          - green: {when: '.color == "green"', then: setGreen}
          - blue: {when: '.color == "blue"', then: setBlue}
      - setRed: {set: {colors: [red]}, then: end}
      - setGreen: {set: {colors: [green]}, then: end}
      - setBlue: {set: {colors: [blue]}, then: end}
      """
    And given the workflow input is:
      """yaml
      color: blue
      """
    When the workflow is executed
    Then the workflow should complete with output:
      """yaml
      {colors: [blue]}
      """
    And the tasks should run in this order: switchColor, setBlue

  Scenario: Nothing matches and the list goes on
    Given a workflow with definition:
      """yaml
      document: {dsl: 1.0.3, namespace: tests, name: switch, version: 0.1.0}
      do:
      - switchColor:
          switch:
          - red: {when: '.color == "red"', then: setRed}
          - green: {when: '.color == "green"', then: setGreen}
          - blue: {when: '.color == "blue"', then: setBlue}
      - setRed: {set: {colors: [red]}, then: end}
      - setGreen: {set: {colors: [green]}, then: end}
      - setBlue: {set: {colors: [blue]}, then: end}
      """
    And given the workflow input is:
      """yaml
      color: pink
      """
    When the workflow is executed
    Then the workflow should complete with output:
      """yaml
      {colors: [red]}
      """

  Scenario: The default matches whatever its place
    Given a workflow with definition:
      """yaml
      do:
      - choose:
          switch:
          - other: {then: second}
          - one: {when: .n == 1, then: first}
      - first: {set: {chosen: 1}, then: end}
      - second: {set: {chosen: 2}, then: end}
      """
    And given the workflow input is:
      """yaml
      n: 1
      """
    When the workflow is executed
    Then the workflow should complete with output:
      """yaml
      {chosen: 1}
      """

  Scenario: The default matches when no case does
    Given a workflow with definition:
      """yaml
      do:
      - choose:
          switch:
          - other: {then: second}
          - one: {when: .n == 1, then: first}
      - first: {set: {chosen: 1}, then: end}
      - second: {set: {chosen: 2}, then: end}
      """
    And given the workflow input is:
      """yaml
      n: 5
      """
    When the workflow is executed
    Then the workflow should complete with output:
      """yaml
      {chosen: 2}
      """

  Scenario: The first case that matches wins
    Given a workflow with definition:
      """yaml
      do:
      - choose:
          switch:
          - one: {when: .n > 0, then: first}
          - two: {when: .n > 1, then: second}
      - first: {set: {chosen: 1}, then: end}
      - second: {set: {chosen: 2}, then: end}
      """
    And given the workflow input is:
      """yaml
      n: 5
      """
    When the workflow is executed
    Then the workflow should complete with output:
      """yaml
      {chosen: 1}
      """

  Scenario: Without a match the task's own directive is followed
    Given a workflow with definition:
      """yaml
      do:
      - choose:
          switch:
          - one: {when: .n == 1, then: first}
          then: second
      - first: {set: {chosen: 1}, then: end}
      - second: {set: {chosen: 2}, then: end}
      """
    And given the workflow input is:
      """yaml
      n: 5
      """
    When the workflow is executed
    Then the workflow should complete with output:
      """yaml
      {chosen: 2}
      """

  Scenario: The case's directive overrides the task's
    Given a workflow with definition:
      """yaml
      do:
      - choose:
          switch:
          - one: {when: .n == 1, then: continue}
          then: end
      - first: {set: {chosen: 1}}
      """
    And given the workflow input is:
      """yaml
      n: 1
      """
    When the workflow is executed
    Then the workflow should complete with output:
      """yaml
      {chosen: 1}
      """

  Scenario: A switch passes its input unchanged
    Given a workflow with definition:
      """yaml
      do:
      - choose:
          switch:
          - always: {then: end}
      """
    And given the workflow input is:
      """yaml
      n: 1
      """
    When the workflow is executed
    Then the workflow should complete with output:
      """yaml
      {n: 1}
      """

  Scenario: A case may end the workflow or leave the list
    Given a workflow with definition:
      """yaml
      do:
      - outer:
          do:
          - choose: {switch: [{leave: {when: .leave, then: exit}}, {stop: {then: end}}]}
          - never: {set: {x: 0}}
      - after: {set: {came: here}}
      """
    And given the workflow input is:
      """yaml
      leave: true
      """
    When the workflow is executed
    Then the workflow should complete with output:
      """yaml
      {came: here}
      """
    And never should not run

  Scenario: A condition that cannot be evaluated is an expression error
    Given a workflow with definition:
      """yaml
      do:
      - choose: {switch: [{bad: {when: .n | error, then: end}}]}
      """
    And given the workflow input is:
      """yaml
      n: no
      """
    When the workflow is executed
    Then the workflow should fault with an error that has:
      """yaml
      {type: https://serverlessworkflow.io/spec/1.0.0/errors/expression, status: 400, instance: /do/0/choose}
      """
