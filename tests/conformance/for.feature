Feature: For

  Scenario: Each item in order
    Given a workflow with definition:
      """yaml
      document: {dsl: 1.0.3, namespace: tests, name: for, version: 0.1.0}
      do:
      - loopColors:
          for: {each: color, in: .colors}
          do:
          - markProcessed: {set: {processed: '${ {colors: (.processed.colors + [$color]), indexes: (.processed.indexes + [$index])} }'}}
      """
    And given the workflow input is:
      """yaml
      colors: [red, green, blue]
      """
    When the workflow is executed
    Then the workflow should complete with output:
      """yaml
      {processed: {colors: [red, green, blue], indexes: [0, 1, 2]}}
      """
    And markProcessed should run 3 times

  Scenario: The names of item and index are chosen, with or without a dollar
    Given a workflow with definition:
      """yaml
      do:
      - loop:
          for: {each: $x, in: "${ [5, 6] }", at: i}
          do:
          - step: {set: {seen: "${ .seen + [$x * 10 + $i] }"}}
      """
    When the workflow is executed
    Then the workflow should complete with output:
      """yaml
      {seen: [50, 61]}
      """

  Scenario: Without names they are item and index
    Given a workflow with definition:
      """yaml
      do:
      - loop:
          for: {in: "[7]"}
          do:
          - step: {set: {item: "${ $item }", index: "${ $index }"}}
      """
    When the workflow is executed
    Then the workflow should complete with output:
      """yaml
      {item: 7, index: 0}
      """

  Scenario: The collection may be written in place
    Given a workflow with definition:
      """yaml
      do:
      - loop:
          for: {each: pet, in: [{name: Milou}, {name: "${ .other }"}]}
          do:
          - step: {set: {other: "${ .other }", names: "${ .names + [$pet.name] }"}}
      """
    And given the workflow input is:
      """yaml
      other: Idefix
      """
    When the workflow is executed
    Then the workflow should complete with output:
      """yaml
      {other: Idefix, names: [Milou, Idefix]}
      """

  Scenario: While is asked before each iteration
    Given a workflow with definition:
      """yaml
      do:
      - loop:
          for: {each: n, in: "[1, 2, 3, 4]"}
          while: (.sum // 0) < 3
          do:
          - add: {set: {sum: "${ .sum + $n }"}}
      """
    When the workflow is executed
    Then the workflow should complete with output:
      """yaml
      {sum: 3}
      """
    And add should run 2 times

  Scenario: While that is false at once runs nothing
    Given a workflow with definition:
      """yaml
      do:
      - loop: {for: {in: "[1]"}, while: $item > 1, do: [{never: {set: {x: 1}}}]}
      """
    And given the workflow input is:
      """yaml
      kept: 1
      """
    When the workflow is executed
    Then the workflow should complete with output:
      """yaml
      {kept: 1}
      """
    And never should not run

  Scenario: A collection of ${ null } has no iterations
    Given a workflow with definition:
      """yaml
      do:
      - loop: {for: {in: "${ null }"}, do: [{never: {set: {x: 1}}}]}
      """
    And given the workflow input is:
      """yaml
      kept: 1
      """
    When the workflow is executed
    Then the workflow should complete with output:
      """yaml
      {kept: 1}
      """
    And never should not run

  Scenario: A collection of [] has no iterations
    Given a workflow with definition:
      """yaml
      do:
      - loop: {for: {in: "[]"}, do: [{never: {set: {x: 1}}}]}
      """
    And given the workflow input is:
      """yaml
      kept: 1
      """
    When the workflow is executed
    Then the workflow should complete with output:
      """yaml
      {kept: 1}
      """
    And never should not run

  Scenario: A collection of .missing has no iterations
    Given a workflow with definition:
      """yaml
      do:
      - loop: {for: {in: ".missing"}, do: [{never: {set: {x: 1}}}]}
      """
    And given the workflow input is:
      """yaml
      kept: 1
      """
    When the workflow is executed
    Then the workflow should complete with output:
      """yaml
      {kept: 1}
      """
    And never should not run

  Scenario: A collection that is no array is an expression error
    Given a workflow with definition:
      """yaml
      do:
      - loop: {for: {in: .n}, do: [{never: {set: {x: 1}}}]}
      """
    And given the workflow input is:
      """yaml
      n: 3
      """
    When the workflow is executed
    Then the workflow should fault with an error that has:
      """yaml
      {type: https://serverlessworkflow.io/spec/1.0.0/errors/expression, status: 400, instance: /do/0/loop}
      """

  Scenario: Exit leaves the loop
    Given a workflow with definition:
      """yaml
      do:
      - loop:
          for: {in: "[1, 2, 3]"}
          do:
          - keep: {set: {last: "${ $item }"}}
          - stop: {switch: [{enough: {when: .last == 2, then: exit}}]}
      - after: {set: {was: "${ .last }"}}
      """
    When the workflow is executed
    Then the workflow should complete with output:
      """yaml
      {was: 2}
      """
    And keep should run 2 times

  Scenario: End in a loop ends the workflow
    Given a workflow with definition:
      """yaml
      do:
      - loop: {for: {in: "[1, 2, 3]"}, do: [{stop: {set: {at: "${ $item }"}, then: end}}]}
      - never: {set: {x: 1}}
      """
    When the workflow is executed
    Then the workflow should complete with output:
      """yaml
      {at: 1}
      """
    And never should not run

  Scenario: Loops in loops see both items
    Given a workflow with definition:
      """yaml
      do:
      - outer:
          for: {each: a, in: "[1, 2]"}
          do:
          - inner:
              for: {each: b, in: "[10, 20]"}
              do:
              - step: {set: {all: "${ .all + [$a * $b] }"}}
      """
    When the workflow is executed
    Then the workflow should complete with output:
      """yaml
      {all: [10, 20, 20, 40]}
      """

  Scenario: The collection is read once
    Given a workflow with definition:
      """yaml
      do:
      - loop: {for: {in: .items}, do: [{step: {set: {items: [], n: "${ .n + 1 }"}}}]}
      """
    And given the workflow input is:
      """yaml
      items: [1, 2, 3]
      """
    When the workflow is executed
    Then the workflow should complete with output:
      """yaml
      {items: [], n: 3}
      """
