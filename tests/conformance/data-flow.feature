Feature: Data flow

  Scenario: Input and output of a task are transformed
    Given a workflow with definition:
      """yaml
      do:
      - task:
          input: {from: .request}
          set: {name: "${ .name }", secret: s}
          output: {as: "${ {greeting: .name} }"}
      """
    And given the workflow input is:
      """yaml
      request: {name: Ada}
      """
    When the workflow is executed
    Then the workflow should complete with output:
      """yaml
      {greeting: Ada}
      """

  Scenario: Transformations may be objects
    Given a workflow with definition:
      """yaml
      do:
      - task:
          input: {from: {n: "${ .a }", m: literal}}
          set: ${ . }
          output: {as: {sum: "${ .n }", was: "${ $input }"}}
      """
    And given the workflow input is:
      """yaml
      a: 1
      """
    When the workflow is executed
    Then the workflow should complete with output:
      """yaml
      {sum: 1, was: {n: 1, m: literal}}
      """

  Scenario: The workflow's own input and output are transformed
    Given a workflow with definition:
      """yaml
      input: {from: .payload}
      do:
      - task: {set: {id: "${ .id }", more: 1}}
      output: {as: .id}
      """
    And given the workflow input is:
      """yaml
      payload: {id: 7}
      """
    When the workflow is executed
    Then the workflow should complete with output:
      """yaml
      7
      """

  Scenario: The raw input of the workflow stays at hand
    Given a workflow with definition:
      """yaml
      input: {from: .payload}
      do:
      - task: {set: {raw: "${ $workflow.input.payload.id }", seen: "${ . }"}}
      """
    And given the workflow input is:
      """yaml
      payload: {id: 7}
      """
    When the workflow is executed
    Then the workflow should complete with output:
      """yaml
      {raw: 7, seen: {id: 7}}
      """

  Scenario: The context begins empty and is what tasks export
    Given a workflow with definition:
      """yaml
      do:
      - first: {set: {n: 1}, export: {as: "${ $context + {first: .n} }"}}
      - second: {set: {n: 2}, export: {as: "${ $context + {second: .n} }"}}
      - show: {set: "${ $context }"}
      """
    When the workflow is executed
    Then the workflow should complete with output:
      """yaml
      {first: 1, second: 2}
      """

  Scenario: An export sees the transformed output and the input
    Given a workflow with definition:
      """yaml
      do:
      - task:
          input: {from: "${ {i: .x} }"}
          set: {o: 2}
          output: {as: "${ .o }"}
          export: {as: "${ {input: $input, output: $output, dot: .} }"}
      - show: {set: "${ $context }"}
      """
    And given the workflow input is:
      """yaml
      x: 1
      """
    When the workflow is executed
    Then the workflow should complete with output:
      """yaml
      {input: {i: 1}, output: 2, dot: 2}
      """

  Scenario: The context of an inner list lasts
    Given a workflow with definition:
      """yaml
      do:
      - outer:
          do:
          - inner: {set: {x: 1}, export: {as: {kept: "${ .x }"}}}
      - show: {set: "${ $context }"}
      """
    When the workflow is executed
    Then the workflow should complete with output:
      """yaml
      {kept: 1}
      """

  Scenario: The context is at hand in the workflow's output
    Given a workflow with definition:
      """yaml
      do:
      - task: {set: {x: 1}, export: {as: {done: true}}}
      output: {as: "${ {x, done: $context.done} }"}
      """
    When the workflow is executed
    Then the workflow should complete with output:
      """yaml
      {x: 1, done: true}
      """

  Scenario: A task describes itself
    Given a workflow with definition:
      """yaml
      do:
      - task: {set: {name: "${ $task.name }", reference: "${ $task.reference }", input: "${ $task.input }", kind: "${ $task.definition | keys }"}}
      """
    And given the workflow input is:
      """yaml
      x: 1
      """
    When the workflow is executed
    Then the workflow should complete with output:
      """yaml
      {name: task, reference: /do/0/task, input: {x: 1}, kind: [set]}
      """

  Scenario: A task's raw output is at hand when its output is transformed
    Given a workflow with definition:
      """yaml
      do:
      - task: {set: {x: 1, y: 2}, output: {as: "${ {all: $task.output, some: .x} }"}}
      """
    When the workflow is executed
    Then the workflow should complete with output:
      """yaml
      {all: {x: 1, y: 2}, some: 1}
      """

  Scenario: The workflow describes itself
    Given a workflow with definition:
      """yaml
      document: {dsl: 1.0.3, namespace: tests, name: about, version: 1.2.3}
      do:
      - task: {set: {name: "${ $workflow.definition.document.name }", version: "${ $workflow.definition.document.version }", started: "${ $workflow.startedAt | keys }", id: "${ $workflow.id | length }"}}
      """
    When the workflow is executed
    Then the workflow should complete with output:
      """yaml
      {name: about, version: 1.2.3, started: [epoch, iso8601], id: 36}
      """

  Scenario: The runtime describes itself
    Given a workflow with definition:
      """yaml
      do:
      - task: {set: {name: "${ $runtime.name }", described: "${ $runtime | keys }"}}
      """
    When the workflow is executed
    Then the workflow should complete with output:
      """yaml
      {name: zilliance, described: [metadata, name, version]}
      """

  Scenario: Moments are text and numbers
    Given a workflow with definition:
      """yaml
      do:
      - task: {set: {seconds: "${ $task.startedAt.epoch.seconds | type }", milliseconds: "${ $task.startedAt.epoch.milliseconds | type }", text: "${ $task.startedAt.iso8601 | type }"}}
      """
    When the workflow is executed
    Then the workflow should complete with output:
      """yaml
      {seconds: number, milliseconds: number, text: string}
      """
