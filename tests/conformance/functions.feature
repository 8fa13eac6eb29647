Feature: Functions of the document

  Scenario: A function is a task
    Given a workflow with definition:
      """yaml
      use:
        functions:
          greet: {set: {message: '${ "Hello " + .name }'}}
      do:
      - call: {call: greet, with: {name: "${ .who }"}}
      """
    And given the workflow input is:
      """yaml
      who: Ada
      """
    When the workflow is executed
    Then the workflow should complete with output:
      """yaml
      {message: Hello Ada}
      """
    And greet should run after call

  Scenario: Without arguments it gets the caller's input
    Given a workflow with definition:
      """yaml
      use: {functions: {double: {set: "${ .n * 2 }"}}}
      do:
      - call: {call: double}
      """
    And given the workflow input is:
      """yaml
      n: 2
      """
    When the workflow is executed
    Then the workflow should complete with output:
      """yaml
      4
      """

  Scenario: Its own transformations come first, then the caller's
    Given a workflow with definition:
      """yaml
      use:
        functions:
          wrap: {input: {from: .inner}, set: {got: "${ . }"}, output: {as: "${ {fn: .got} }"}}
      do:
      - call: {call: wrap, with: {inner: 1}, output: {as: "${ {caller: .fn} }"}}
      """
    When the workflow is executed
    Then the workflow should complete with output:
      """yaml
      {caller: 1}
      """

  Scenario: It does not see the caller's variables
    Given a workflow with definition:
      """yaml
      use: {functions: {peek: {set: {item: "${ .x }"}}}}
      do:
      - loop: {for: {in: "[1, 2]"}, do: [{call: {call: peek, with: {x: "${ $item }"}}}]}
      """
    When the workflow is executed
    Then the workflow should complete with output:
      """yaml
      {item: 2}
      """
    And peek should run 2 times

  Scenario: Its errors are the caller's
    Given a workflow with definition:
      """yaml
      use: {functions: {fail: {raise: {error: {type: https://x.example, status: 500}}}}}
      do:
      - attempt: {try: [{call: {call: fail}}], catch: {do: [{handle: {set: {where: "${ $error.instance }"}}}]}}
      """
    When the workflow is executed
    Then the workflow should complete with output:
      """yaml
      {where: /use/functions/fail}
      """

  Scenario: Functions may call functions
    Given a workflow with definition:
      """yaml
      use: {functions: {one: {call: two, with: {n: "${ .n + 1 }"}}, two: {set: {n: "${ .n * 10 }"}}}}
      do:
      - call: {call: one, with: {n: 1}}
      """
    When the workflow is executed
    Then the workflow should complete with output:
      """yaml
      {n: 20}
      """

  Scenario: Its arguments are checked by its schema
    Given a workflow with definition:
      """yaml
      use: {functions: {age: {input: {schema: {document: {required: [age]}}}, set: "${ .age }"}}}
      do:
      - call: {call: age, with: {name: Ada}}
      """
    When the workflow is executed
    Then the workflow should fault with an error that has:
      """yaml
      {type: https://serverlessworkflow.io/spec/1.0.0/errors/validation, status: 400}
      """
