Feature: Do and the order of tasks

  Scenario: Tasks run one after the other on the output of the one before
    Given a workflow with definition:
      """yaml
      document: {dsl: 1.0.3, namespace: tests, name: do, version: 0.1.0}
      do:
      - compositeExample:
          do:
          - setRed: {set: {colors: '${ .colors + ["red"] }'}}
          - setGreen: {set: {colors: '${ .colors + ["green"] }'}}
          - setBlue: {set: {colors: '${ .colors + ["blue"] }'}}
      """
    When the workflow is executed
    Then the workflow should complete with output:
      """yaml
      {colors: [red, green, blue]}
      """
    And the tasks should run in this order: compositeExample, setRed, setGreen, setBlue
    And setRed should run before setGreen
    And setBlue should run last

  Scenario: The output of a do is that of its last task
    Given a workflow with definition:
      """yaml
      do:
      - outer:
          do:
          - one: {set: {x: 1}}
          - two: {set: {y: "${ .x + 1 }"}}
      - after: {set: {z: "${ .y + 1 }"}}
      """
    When the workflow is executed
    Then the workflow should complete with output:
      """yaml
      {z: 3}
      """
    And outer should complete with output:
      """yaml
      {y: 2}
      """

  Scenario: References are JSON pointers into the definition
    Given a workflow with definition:
      """yaml
      do:
      - outer:
          do:
          - inner: {set: {x: 1}}
          - choices:
              try:
              - tried: {raise: {error: {type: https://x.example, status: 500}}}
              catch:
                do:
                - handled: {for: {in: "${ [1] }"}, do: [{step: {set: {x: 1}}}]}
      - forked:
          fork:
            branches:
            - branch: {set: {x: 1}}
      """
    When the workflow is executed
    Then inner should have the reference /do/0/outer/do/0/inner
    And tried should have the reference /do/0/outer/do/1/choices/try/0/tried
    And handled should have the reference /do/0/outer/do/1/choices/catch/do/0/handled
    And step should have the reference /do/0/outer/do/1/choices/catch/do/0/handled/do/0/step
    And branch should have the reference /do/1/forked/fork/branches/0/branch

  Scenario: A list in a list in a list
    Given a workflow with definition:
      """yaml
      do:
      - a: {do: [{b: {do: [{c: {do: [{d: {set: {depth: 4}}}]}}]}}]}
      """
    When the workflow is executed
    Then the workflow should complete with output:
      """yaml
      {depth: 4}
      """
    And the tasks should run in this order: a, b, c, d

  Scenario: Names of tasks may hold any character
    Given a workflow with definition:
      """yaml
      do:
      - "a/b~c d": {set: {x: 1}}
      - "naïve": {set: {y: "${ .x }"}}
      """
    When the workflow is executed
    Then the workflow should complete with output:
      """yaml
      {y: 1}
      """
