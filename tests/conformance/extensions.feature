Feature: Extensions

  Scenario: Tasks are surrounded
    Given a workflow with definition:
      """yaml
      use:
        extensions:
        - log: {extend: set, before: [{before: {set: {lost: 1}}}], after: [{after: {set: {lost: 2}}}]}
      do:
      - task: {set: {x: 1}}
      """
    When the workflow is executed
    Then the workflow should complete with output:
      """yaml
      {x: 1}
      """
    And the tasks should run in this order: task, before, after

  Scenario: A call is mocked
    Given a workflow with definition:
      """yaml
      use:
        extensions:
        - mock:
            extend: call
            when: $task.with.endpoint == "https://mocked.example.com"
            before:
            - intercept: {set: {mocked: true}, then: exit}
      do:
      - task: {call: http, with: {method: get, endpoint: https://mocked.example.com}}
      """
    When the workflow is executed
    Then the workflow should complete with output:
      """yaml
      {mocked: true}
      """

  Scenario: The surrounding tasks know the one that they surround
    Given a workflow with definition:
      """yaml
      use:
        extensions:
        - log: {extend: all, when: '$task.name == "two"', before: [{note: {set: {at: "${ $task.reference }"}, export: {as: "${ . }"}}}]}
      do:
      - one: {set: {x: 1}}
      - two: {set: {x: "${ .x }"}}
      output: {as: "${ $context }"}
      """
    When the workflow is executed
    Then the workflow should complete with output:
      """yaml
      {at: /do/1/two}
      """
    And note should run 1 time
