Feature: Emit

  Scenario: The output is the event
    Given a workflow with definition:
      """yaml
      document: {dsl: 1.0.3, namespace: tests, name: emit, version: 0.1.0}
      do:
      - emitUserGreeted:
          emit:
            event:
              with:
                source: https://fake-source.com
                type: com.fake-source.user.greeted.v1
                data: {greetings: '${ "Hello \(.user.firstName) \(.user.lastName)!" }'}
      """
    And given the workflow input is:
      """yaml
      user: {firstName: John, lastName: Doe}
      """
    When the workflow is executed
    Then the workflow output should have properties 'id', 'specversion', 'time', 'source', 'type', 'data'
    And the workflow output should have a 'data' property with value:
      """yaml
      {greetings: Hello John Doe!}
      """

  Scenario: Source, id and time are filled in
    Given a workflow with definition:
      """yaml
      document: {dsl: 1.0.3, namespace: tests, name: emitter, version: 1.0.0}
      do:
      - emit: {emit: {event: {with: {type: com.example.done}}}, output: {as: "${ {source, type, specversion, id: (.id | type), time: (.time | type)} }"}}
      """
    When the workflow is executed
    Then the workflow should complete with output:
      """yaml
      {source: /tests/emitter/1.0.0, type: com.example.done, specversion: "1.0", id: string, time: string}
      """

  Scenario: Attributes of one's own are kept
    Given a workflow with definition:
      """yaml
      do:
      - emit: {emit: {event: {with: {type: com.example.done, source: /me, subject: s, tenant: "${ .tenant }"}}}, output: {as: "${ {subject, tenant} }"}}
      """
    And given the workflow input is:
      """yaml
      tenant: t1
      """
    When the workflow is executed
    Then the workflow should complete with output:
      """yaml
      {subject: s, tenant: t1}
      """
