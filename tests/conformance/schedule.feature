Feature: Schedules and events beside the tasks

  Scenario: A workflow with a schedule can be run by hand
    Given a workflow with definition:
      """yaml
      schedule: {cron: "0 0 1 1 *"}
      do:
      - task: {set: {x: 1}}
      """
    When the workflow is executed
    Then the workflow should complete with output:
      """yaml
      {x: 1}
      """

  Scenario: Months have no fixed length
    Given a workflow with definition:
      """yaml
      schedule: {every: P1M}
      do:
      - task: {set: {x: 1}}
      """
    When the workflow is executed
    Then the definition should be refused at /schedule/every

  Scenario: A day that never comes
    Given a workflow with definition:
      """yaml
      schedule: {cron: "0 0 30 2 *"}
      do:
      - task: {set: {x: 1}}
      """
    When the workflow is executed
    Then the definition should be refused at /schedule/cron

  Scenario: An event strategy of no kind
    Given a workflow with definition:
      """yaml
      schedule: {on: {}}
      do:
      - task: {set: {x: 1}}
      """
    When the workflow is executed
    Then the definition should be refused at /schedule/on

  Scenario: What to read belongs to events
    Given a workflow with definition:
      """yaml
      schedule: {after: PT1H, read: data}
      do:
      - task: {set: {x: 1}}
      """
    When the workflow is executed
    Then the definition should be refused at /schedule/read
