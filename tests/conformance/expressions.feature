Feature: Expressions

  Scenario: [.[] | select(. > 1)] of [1, 2, 3]
    Given a workflow with definition:
      """yaml
      do:
      - e: {set: {r: '${ [.[] | select(. > 1)] }'}}
      output: {as: .r}
      """
    And given the workflow input is:
      """yaml
      [1, 2, 3]
      """
    When the workflow is executed
    Then the workflow should complete with output:
      """yaml
      [2, 3]
      """

  Scenario: .a // "none" of {}
    Given a workflow with definition:
      """yaml
      do:
      - e: {set: {r: '${ .a // "none" }'}}
      output: {as: .r}
      """
    And given the workflow input is:
      """yaml
      {}
      """
    When the workflow is executed
    Then the workflow should complete with output:
      """yaml
      none
      """

  Scenario: to_entries | map(.key) | sort of {b: 1, a: 2}
    Given a workflow with definition:
      """yaml
      do:
      - e: {set: {r: '${ to_entries | map(.key) | sort }'}}
      output: {as: .r}
      """
    And given the workflow input is:
      """yaml
      {b: 1, a: 2}
      """
    When the workflow is executed
    Then the workflow should complete with output:
      """yaml
      [a, b]
      """

  Scenario: [limit(2; .[])] of [1, 2, 3]
    Given a workflow with definition:
      """yaml
      do:
      - e: {set: {r: '${ [limit(2; .[])] }'}}
      output: {as: .r}
      """
    And given the workflow input is:
      """yaml
      [1, 2, 3]
      """
    When the workflow is executed
    Then the workflow should complete with output:
      """yaml
      [1, 2]
      """

  Scenario: reduce .[] as $x (0; . + $x) of [1, 2, 3]
    Given a workflow with definition:
      """yaml
      do:
      - e: {set: {r: '${ reduce .[] as $x (0; . + $x) }'}}
      output: {as: .r}
      """
    And given the workflow input is:
      """yaml
      [1, 2, 3]
      """
    When the workflow is executed
    Then the workflow should complete with output:
      """yaml
      6
      """

  Scenario: ascii_downcase | split(" ") of Hello World
    Given a workflow with definition:
      """yaml
      do:
      - e: {set: {r: '${ ascii_downcase | split(" ") }'}}
      output: {as: .r}
      """
    And given the workflow input is:
      """yaml
      Hello World
      """
    When the workflow is executed
    Then the workflow should complete with output:
      """yaml
      [hello, world]
      """

  Scenario: if . > 2 then "big" else "small" end of 3
    Given a workflow with definition:
      """yaml
      do:
      - e: {set: {r: '${ if . > 2 then "big" else "small" end }'}}
      output: {as: .r}
      """
    And given the workflow input is:
      """yaml
      3
      """
    When the workflow is executed
    Then the workflow should complete with output:
      """yaml
      big
      """

  Scenario: try error("x") catch . of null
    Given a workflow with definition:
      """yaml
      do:
      - e: {set: {r: '${ try error("x") catch . }'}}
      output: {as: .r}
      """
    When the workflow is executed
    Then the workflow should complete with output:
      """yaml
      x
      """

  Scenario: def f(x): x * 2; f(.) of 4
    Given a workflow with definition:
      """yaml
      do:
      - e: {set: {r: '${ def f(x): x * 2; f(.) }'}}
      output: {as: .r}
      """
    And given the workflow input is:
      """yaml
      4
      """
    When the workflow is executed
    Then the workflow should complete with output:
      """yaml
      8
      """

  Scenario: [splits(", ")] of a, b
    Given a workflow with definition:
      """yaml
      do:
      - e: {set: {r: '${ [splits(", ")] }'}}
      output: {as: .r}
      """
    And given the workflow input is:
      """yaml
      a, b
      """
    When the workflow is executed
    Then the workflow should complete with output:
      """yaml
      [a, b]
      """

  Scenario: @base64 of hi
    Given a workflow with definition:
      """yaml
      do:
      - e: {set: {r: '${ @base64 }'}}
      output: {as: .r}
      """
    And given the workflow input is:
      """yaml
      hi
      """
    When the workflow is executed
    Then the workflow should complete with output:
      """yaml
      aGk=
      """

  Scenario: .[] of []
    Given a workflow with definition:
      """yaml
      do:
      - e: {set: {r: '${ .[] }'}}
      output: {as: .r}
      """
    And given the workflow input is:
      """yaml
      []
      """
    When the workflow is executed
    Then the workflow should complete with output:
      """yaml
      null
      """

  Scenario: .[] of [1, 2]
    Given a workflow with definition:
      """yaml
      do:
      - e: {set: {r: '${ .[] }'}}
      output: {as: .r}
      """
    And given the workflow input is:
      """yaml
      [1, 2]
      """
    When the workflow is executed
    Then the workflow should complete with output:
      """yaml
      [1, 2]
      """

  Scenario: The environment cannot be read
    Given a workflow with definition:
      """yaml
      do:
      - e: {set: {r: "${ env }"}}
      """
    When the workflow is executed
    Then the definition should be refused at /do/0/e/set/r

  Scenario: An expression that never ends is an error
    Given a workflow with definition:
      """yaml
      do:
      - e: {set: {r: "${ last(range(1e12)) }"}}
      """
    When the workflow is executed
    Then the workflow should fault with an error that has:
      """yaml
      {type: https://serverlessworkflow.io/spec/1.0.0/errors/expression, status: 400, instance: /do/0/e}
      """

  Scenario: An unknown variable is refused
    Given a workflow with definition:
      """yaml
      do:
      - e: {set: {r: "${ $nobody }"}}
      """
    When the workflow is executed
    Then the definition should be refused at /do/0/e/set/r

  Scenario: In loose mode any text may be an expression
    Given a workflow with definition:
      """yaml
      evaluate: {mode: loose}
      do:
      - e: {set: {n: .n, text: not an expression, failing: .n.x}}
      """
    And given the workflow input is:
      """yaml
      n: 1
      """
    When the workflow is executed
    Then the workflow should complete with output:
      """yaml
      {n: 1, text: not an expression, failing: .n.x}
      """
