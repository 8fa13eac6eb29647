Feature: If

  Scenario: A task with the condition ${ .go } runs
    Given a workflow with definition:
      """yaml
      do:
      - task:
          if: '${ .go }'
          set: {ran: true}
      """
    And given the workflow input is:
      """yaml
      go: true
      stay: false
      """
    When the workflow is executed
    Then the workflow should complete with output:
      """yaml
      {ran: true}
      """
    And task should complete

  Scenario: A task with the condition .go runs
    Given a workflow with definition:
      """yaml
      do:
      - task:
          if: '.go'
          set: {ran: true}
      """
    And given the workflow input is:
      """yaml
      go: true
      stay: false
      """
    When the workflow is executed
    Then the workflow should complete with output:
      """yaml
      {ran: true}
      """
    And task should complete

  Scenario: A task with the condition .stay is skipped
    Given a workflow with definition:
      """yaml
      do:
      - task:
          if: '.stay'
          set: {ran: true}
      """
    And given the workflow input is:
      """yaml
      go: true
      stay: false
      """
    When the workflow is executed
    Then the workflow should complete with output:
      """yaml
      {go: true, stay: false}
      """
    And task should be skipped

  Scenario: A task with the condition ${ false } is skipped
    Given a workflow with definition:
      """yaml
      do:
      - task:
          if: '${ false }'
          set: {ran: true}
      """
    And given the workflow input is:
      """yaml
      go: true
      stay: false
      """
    When the workflow is executed
    Then the workflow should complete with output:
      """yaml
      {go: true, stay: false}
      """
    And task should be skipped

  Scenario: A task with the condition ${ null } is skipped
    Given a workflow with definition:
      """yaml
      do:
      - task:
          if: '${ null }'
          set: {ran: true}
      """
    And given the workflow input is:
      """yaml
      go: true
      stay: false
      """
    When the workflow is executed
    Then the workflow should complete with output:
      """yaml
      {go: true, stay: false}
      """
    And task should be skipped

  Scenario: A task with the condition ${ 0 } runs
    Given a workflow with definition:
      """yaml
      do:
      - task:
          if: '${ 0 }'
          set: {ran: true}
      """
    And given the workflow input is:
      """yaml
      go: true
      stay: false
      """
    When the workflow is executed
    Then the workflow should complete with output:
      """yaml
      {ran: true}
      """
    And task should complete

  Scenario: A task with the condition ${ "" } runs
    Given a workflow with definition:
      """yaml
      do:
      - task:
          if: '${ "" }'
          set: {ran: true}
      """
    And given the workflow input is:
      """yaml
      go: true
      stay: false
      """
    When the workflow is executed
    Then the workflow should complete with output:
      """yaml
      {ran: true}
      """
    And task should complete

  Scenario: A skipped task passes its raw input and its directive is not followed
    Given a workflow with definition:
      """yaml
      do:
      - skipped: {if: "${ false }", input: {from: "${ 1 }"}, set: {x: 1}, then: end, export: {as: {lost: 1}}}
      - after: {set: {kept: "${ .kept }", context: "${ $context }"}}
      """
    And given the workflow input is:
      """yaml
      kept: 1
      """
    When the workflow is executed
    Then the workflow should complete with output:
      """yaml
      {kept: 1, context: {}}
      """
    And skipped should be skipped
    And after should run last

  Scenario: The condition sees the raw input
    Given a workflow with definition:
      """yaml
      do:
      - task: {if: .raw, input: {from: "${ {} }"}, set: {x: "${ . }"}}
      """
    And given the workflow input is:
      """yaml
      raw: true
      """
    When the workflow is executed
    Then the workflow should complete with output:
      """yaml
      {x: {}}
      """

  Scenario: A condition that fails is an expression error
    Given a workflow with definition:
      """yaml
      do:
      - task: {if: ".a.b.c + {}", set: {x: 1}}
      """
    And given the workflow input is:
      """yaml
      a: {b: {c: 1}}
      """
    When the workflow is executed
    Then the workflow should fault with an error that has:
      """yaml
      {type: https://serverlessworkflow.io/spec/1.0.0/errors/expression, status: 400, instance: /do/0/task}
      """
