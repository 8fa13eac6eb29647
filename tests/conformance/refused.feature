Feature: Definitions that are refused

  Scenario: An unknown task type
    Given a workflow with definition:
      """yaml
      do:
      - a: {sett: {x: 1}}
      """
    When the workflow is executed
    Then the definition should be refused at /do/0/a/sett

  Scenario: An unknown property
    Given a workflow with definition:
      """yaml
      do:
      - a: {set: {x: 1}, iff: true}
      """
    When the workflow is executed
    Then the definition should be refused at /do/0/a/iff

  Scenario: A missing property
    Given a workflow with definition:
      """yaml
      do:
      - a: {call: http, with: {method: get}}
      """
    When the workflow is executed
    Then the definition should be refused at /do/0/a/with

  Scenario: Two tasks of the same name
    Given a workflow with definition:
      """yaml
      do:
      - a: {set: {x: 1}}
      - a: {set: {x: 1}}
      """
    When the workflow is executed
    Then the definition should be refused at /do/1/a

  Scenario: A directive to nowhere
    Given a workflow with definition:
      """yaml
      do:
      - a: {set: {x: 1}, then: b}
      """
    When the workflow is executed
    Then the definition should be refused at /do/0/a/then

  Scenario: A directive into another list
    Given a workflow with definition:
      """yaml
      do:
      - a: {set: {x: 1}, then: c}
      - b: {do: [{c: {set: {x: 1}}}]}
      """
    When the workflow is executed
    Then the definition should be refused at /do/0/a/then

  Scenario: Two defaults
    Given a workflow with definition:
      """yaml
      do:
      - a: {switch: [{b: {then: end}}, {c: {then: end}}]}
      """
    When the workflow is executed
    Then the definition should be refused at /do/0/a/switch

  Scenario: An expression that cannot be read
    Given a workflow with definition:
      """yaml
      do:
      - a: {set: {x: '${ .a | }'}}
      """
    When the workflow is executed
    Then the definition should be refused at /do/0/a/set/x

  Scenario: An unknown function
    Given a workflow with definition:
      """yaml
      do:
      - a: {call: nobody}
      """
    When the workflow is executed
    Then the definition should be refused at /do/0/a/call

  Scenario: An unknown error
    Given a workflow with definition:
      """yaml
      do:
      - a: {raise: {error: nobody}}
      """
    When the workflow is executed
    Then the definition should be refused at /do/0/a/raise/error

  Scenario: An unknown retry
    Given a workflow with definition:
      """yaml
      do:
      - a: {try: [{b: {set: {x: 1}}}], catch: {retry: nobody}}
      """
    When the workflow is executed
    Then the definition should be refused at /do/0/a/catch/retry

  Scenario: A duration that is none
    Given a workflow with definition:
      """yaml
      do:
      - a: {wait: soon}
      """
    When the workflow is executed
    Then the definition should be refused at /do/0/a/wait

  Scenario: A schema that is none
    Given a workflow with definition:
      """yaml
      input: {schema: {document: {type: nothing}}}
      do:
      - a: {set: {x: 1}}
      """
    When the workflow is executed
    Then the definition should be refused at /input/schema/document

  Scenario: A function that calls itself
    Given a workflow with definition:
      """yaml
      use: {functions: {f: {call: f}}}
      do:
      - a: {call: f}
      """
    When the workflow is executed
    Then the definition should be refused at /use/functions/f

  Scenario: No tasks
    Given a workflow with definition:
      """yaml
      do: []
      """
    When the workflow is executed
    Then the definition should be refused at /do

  Scenario: Two schedules
    Given a workflow with definition:
      """yaml
      schedule: {every: PT1H, cron: '* * * * *'}
      do:
      - a: {set: {x: 1}}
      """
    When the workflow is executed
    Then the definition should be refused at /schedule

  Scenario: Another version of the standard
    Given a workflow with definition:
      """yaml
      document: {dsl: 0.8.0, namespace: a, name: b, version: 1.0.0}
      do:
      - a: {set: {x: 1}}
      """
    When the workflow is executed
    Then the definition should be refused at /document/dsl

  Scenario: An unknown extension point
    Given a workflow with definition:
      """yaml
      use: {extensions: [{e: {extend: nothing, before: [{a: {set: {x: 1}}}]}}]}
      do:
      - a: {set: {x: 1}}
      """
    When the workflow is executed
    Then the definition should be refused at /use/extensions/0/e/extend
