Feature: Rows and rollback

  Scenario: A row is made and read
    Given a workflow with definition:
      """yaml
      do:
      - make: {call: create-row, with: {table: contacts, values: {type: individual, first_name: Ada}}}
      - keep: {set: {made: "${ .id != null }", name: "${ .first_name }"}}
      """
    When the workflow is executed
    Then the workflow should complete with output:
      """yaml
      {made: true, name: Ada}
      """

  Scenario: A fault undoes rows in reverse order
    Given a workflow with definition:
      """yaml
      do:
      - one: {call: create-row, with: {table: contacts, values: {type: individual, first_name: One}}}
      - two: {call: create-row, with: {table: contacts, values: {type: individual, first_name: Two}}}
      - fail: {raise: {error: {type: https://x.example, status: 500}}}
      """
    When the workflow is executed
    Then the workflow should fault with an error that has:
      """yaml
      {status: 500}
      """
    And the rollback should undo, in this order: two, one
    And one should be compensated
    And two should be compensated

  Scenario: A task says how it is undone
    Given a workflow with definition:
      """yaml
      do:
      - reserve: {set: {id: 7}, metadata: {compensate: [{release: {set: {released: "${ .id }"}}}]}}
      - fail: {raise: {error: {type: https://x.example, status: 500}}}
      """
    When the workflow is executed
    Then the workflow should fault with an error that has:
      """yaml
      {status: 500}
      """
    And the rollback should undo, in this order: reserve
    And release should complete with output:
      """yaml
      {released: 7}
      """

  Scenario: A row may be kept
    Given a workflow with definition:
      """yaml
      do:
      - kept: {call: create-row, with: {table: contacts, values: {type: individual, first_name: Kept}}, metadata: {rollback: none}}
      - gone: {call: create-row, with: {table: contacts, values: {type: individual, first_name: Gone}}}
      - fail: {raise: {error: {type: https://x.example, status: 500}}}
      """
    When the workflow is executed
    Then the rollback should undo, in this order: gone
    And kept should complete

  Scenario: A try may undo its own list and go on
    Given a workflow with definition:
      """yaml
      do:
      - attempt:
          try:
          - made: {call: create-row, with: {table: contacts, values: {type: individual, first_name: Try}}}
          - fail: {raise: {error: {type: https://x.example, status: 500}}}
          catch: {do: [{handle: {set: {handled: true}}}]}
          metadata: {rollback: true}
      """
    When the workflow is executed
    Then the workflow should complete with output:
      """yaml
      {handled: true}
      """
    And made should be compensated
