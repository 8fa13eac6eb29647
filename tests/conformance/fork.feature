Feature: Fork

  Scenario: Branches give an array in the order of declaration
    Given a workflow with definition:
      """yaml
      document: {dsl: 1.0.3, namespace: tests, name: fork, version: 0.1.0}
      do:
      - branchColors:
          fork:
            compete: false
            branches:
            - setRed: {set: {color1: red}}
            - setGreen: {set: {color2: green}}
            - setBlue: {set: {color3: blue}}
      """
    When the workflow is executed
    Then the workflow should complete with output:
      """yaml
      [{color1: red}, {color2: green}, {color3: blue}]
      """

  Scenario: Every branch gets the input of the fork
    Given a workflow with definition:
      """yaml
      do:
      - fork:
          fork:
            branches:
            - a: {set: "${ .n + 1 }"}
            - b: {set: "${ .n + 2 }"}
      """
    And given the workflow input is:
      """yaml
      n: 1
      """
    When the workflow is executed
    Then the workflow should complete with output:
      """yaml
      [2, 3]
      """

  Scenario: The first to complete wins a competition
    Given a workflow with definition:
      """yaml
      do:
      - race:
          fork:
            compete: true
            branches:
            - slow: {do: [{w: {wait: {seconds: 20}}}, {s: {set: {winner: slow}}}]}
            - fast: {set: {winner: fast}}
      """
    When the workflow is executed
    Then the workflow should complete with output:
      """yaml
      {winner: fast}
      """
    And slow should be cancelled

  Scenario: A branch that faults only loses a competition
    Given a workflow with definition:
      """yaml
      do:
      - race:
          fork:
            compete: true
            branches:
            - bad: {raise: {error: {type: https://x.example, status: 500}}}
            - good: {do: [{w: {wait: {milliseconds: 10}}}, {s: {set: {winner: good}}}]}
      """
    When the workflow is executed
    Then the workflow should complete with output:
      """yaml
      {winner: good}
      """
    And bad should fault

  Scenario: A competition faults when all branches do
    Given a workflow with definition:
      """yaml
      do:
      - race:
          fork:
            compete: true
            branches:
            - one: {raise: {error: {type: https://x.example/1, status: 501}}}
            - two: {raise: {error: {type: https://x.example/2, status: 502}}}
      """
    When the workflow is executed
    Then the workflow should fault with an error that has:
      """yaml
      {status: 501, instance: /do/0/race/fork/branches/0/one}
      """

  Scenario: A fault of a branch cancels the others
    Given a workflow with definition:
      """yaml
      do:
      - fork:
          fork:
            branches:
            - bad: {raise: {error: {type: https://x.example, status: 500}}}
            - slow: {wait: {seconds: 20}}
      """
    When the workflow is executed
    Then the workflow should fault with an error that has:
      """yaml
      {status: 500, instance: /do/0/fork/fork/branches/0/bad}
      """
    And slow should be cancelled
    And fork should fault

  Scenario: An end in a branch ends the workflow
    Given a workflow with definition:
      """yaml
      do:
      - fork:
          fork:
            branches:
            - stop: {set: {stopped: true}, then: end}
            - slow: {wait: {seconds: 20}}
      - never: {set: {x: 1}}
      """
    When the workflow is executed
    Then the workflow should complete with output:
      """yaml
      {stopped: true}
      """
    And never should not run

  Scenario: An exit in a branch leaves the branch
    Given a workflow with definition:
      """yaml
      do:
      - fork:
          fork:
            branches:
            - a: {do: [{x: {set: {n: 1}, then: exit}}, {y: {set: {n: 2}}}]}
            - b: {set: {n: 3}, then: exit}
      - after: {set: {all: "${ . }"}}
      """
    When the workflow is executed
    Then the workflow should complete with output:
      """yaml
      {all: [{n: 1}, {n: 3}]}
      """

  Scenario: Exports of all branches are kept
    Given a workflow with definition:
      """yaml
      do:
      - fork:
          fork:
            branches:
            - a: {set: {x: 1}, export: {as: "${ $context + {a: .x} }"}}
            - b: {set: {x: 2}, export: {as: "${ $context + {b: .x} }"}}
      - show: {set: "${ $context }"}
      """
    When the workflow is executed
    Then the workflow should complete with output:
      """yaml
      {a: 1, b: 2}
      """
