Feature: Flow directives

  Scenario: Implicitly in order
    Given a workflow with definition:
      """yaml
      document: {dsl: 1.0.3, namespace: tests, name: implicit-sequence, version: 0.1.0}
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
    And setRed should run first
    And setGreen should run after setRed
    And setBlue should run last

  Scenario: Explicitly in another order
    Given a workflow with definition:
      """yaml
      document: {dsl: 1.0.3, namespace: tests, name: explicit-sequence, version: 0.1.0}
      do:
      - setRed: {set: {colors: '${ .colors + ["red"] }'}, then: setGreen}
      - setBlue: {set: {colors: '${ .colors + ["blue"] }'}, then: end}
      - setGreen: {set: {colors: '${ .colors + ["green"] }'}, then: setBlue}
      """
    When the workflow is executed
    Then the workflow should complete with output:
      """yaml
      {colors: [red, green, blue]}
      """
    And setRed should run first
    And setGreen should run before setBlue
    And setBlue should run last

  Scenario: Continue is the default
    Given a workflow with definition:
      """yaml
      do:
      - a: {set: {x: 1}, then: continue}
      - b: {set: {y: "${ .x }"}}
      """
    When the workflow is executed
    Then the workflow should complete with output:
      """yaml
      {y: 1}
      """

  Scenario: End finishes the workflow from any depth
    Given a workflow with definition:
      """yaml
      do:
      - a: {do: [{b: {do: [{c: {set: {x: 1}, then: end}}, {d: {set: {x: 2}}}]}}]}
      - e: {set: {x: 3}}
      """
    When the workflow is executed
    Then the workflow should complete with output:
      """yaml
      {x: 1}
      """
    And d should not run
    And e should not run
    And a should complete

  Scenario: The output of the workflow is transformed also after an end
    Given a workflow with definition:
      """yaml
      do:
      - a: {set: {x: 1}, then: end}
      output: {as: "${ .x }"}
      """
    When the workflow is executed
    Then the workflow should complete with output:
      """yaml
      1
      """

  Scenario: Exit leaves the innermost list only
    Given a workflow with definition:
      """yaml
      do:
      - a: {do: [{b: {set: {x: 1}, then: exit}}, {c: {set: {x: 2}}}]}
      - d: {set: {y: "${ .x }"}}
      """
    When the workflow is executed
    Then the workflow should complete with output:
      """yaml
      {y: 1}
      """
    And c should not run

  Scenario: Exit at the top is the end
    Given a workflow with definition:
      """yaml
      do:
      - a: {set: {x: 1}, then: exit}
      - b: {set: {x: 2}}
      """
    When the workflow is executed
    Then the workflow should complete with output:
      """yaml
      {x: 1}
      """

  Scenario: A task may be gone back to
    Given a workflow with definition:
      """yaml
      do:
      - count: {set: {n: "${ .n + 1 }"}}
      - again: {switch: [{more: {when: .n < 5, then: count}}]}
      """
    And given the workflow input is:
      """yaml
      n: 0
      """
    When the workflow is executed
    Then the workflow should complete with output:
      """yaml
      {n: 5}
      """
    And count should run 5 times

  Scenario: A task may go to itself
    Given a workflow with definition:
      """yaml
      do:
      - skip: {set: {n: "${ .n * 2 }"}, if: .n < 100, then: skip}
      """
    And given the workflow input is:
      """yaml
      n: 3
      """
    When the workflow is executed
    Then the workflow should complete with output:
      """yaml
      {n: 192}
      """

  Scenario: The directive of a task that was left by exit is followed
    Given a workflow with definition:
      """yaml
      do:
      - a: {do: [{b: {set: {x: 1}, then: exit}}], then: d}
      - c: {set: {x: 2}}
      - d: {set: {y: "${ .x }"}}
      """
    When the workflow is executed
    Then the workflow should complete with output:
      """yaml
      {y: 1}
      """
    And c should not run
