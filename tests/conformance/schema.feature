Feature: Schemas

  Scenario: An input that matches its schema passes
    Given a workflow with definition:
      """yaml
      input: {schema: {format: json, document: {type: object, properties: {age: {type: integer}}, required: [age]}}}
      do:
      - task: {set: "${ .age }"}
      """
    And given the workflow input is:
      """yaml
      age: 4
      """
    When the workflow is executed
    Then the workflow should complete with output:
      """yaml
      4
      """

  Scenario: An input that does not match faults with its place
    Given a workflow with definition:
      """yaml
      input: {schema: {format: json, document: {type: object, properties: {age: {type: integer}}, required: [age]}}}
      do:
      - task: {set: "${ .age }"}
      """
    And given the workflow input is:
      """yaml
      {}
      """
    When the workflow is executed
    Then the workflow should fault with an error that has:
      """yaml
      {type: https://serverlessworkflow.io/spec/1.0.0/errors/validation, status: 400, instance: /input}
      """
    And the workflow should fault and say age

  Scenario: The input of a task is checked before it is transformed
    Given a workflow with definition:
      """yaml
      do:
      - task: {input: {schema: {format: json, document: {type: object, properties: {age: {type: integer}}, required: [age]}}, from: .age}, set: "${ . }"}
      """
    And given the workflow input is:
      """yaml
      age: x
      """
    When the workflow is executed
    Then the workflow should fault with an error that has:
      """yaml
      {type: https://serverlessworkflow.io/spec/1.0.0/errors/validation, status: 400, instance: /do/0/task/input}
      """
    And task should fault

  Scenario: The output of a task is checked after it is transformed
    Given a workflow with definition:
      """yaml
      do:
      - task: {set: {a: 1}, output: {as: "${ {age: \"x\"} }", schema: {format: json, document: {type: object, properties: {age: {type: integer}}, required: [age]}}}}
      """
    When the workflow is executed
    Then the workflow should fault with an error that has:
      """yaml
      {status: 400, instance: /do/0/task/output}
      """

  Scenario: What is exported is checked
    Given a workflow with definition:
      """yaml
      do:
      - task: {set: {a: 1}, export: {as: "${ {age: .a} }", schema: {format: json, document: {type: object, properties: {age: {type: integer}}, required: [age]}}}}
      - bad: {set: {a: x}, export: {as: "${ {age: .a} }", schema: {format: json, document: {type: object, properties: {age: {type: integer}}, required: [age]}}}}
      """
    When the workflow is executed
    Then the workflow should fault with an error that has:
      """yaml
      {status: 400, instance: /do/1/bad/export}
      """
    And task should complete
    And bad should fault

  Scenario: The output of the workflow is checked
    Given a workflow with definition:
      """yaml
      do:
      - task: {set: {age: old}}
      output: {schema: {format: json, document: {type: object, properties: {age: {type: integer}}, required: [age]}}}
      """
    When the workflow is executed
    Then the workflow should fault with an error that has:
      """yaml
      {status: 400, instance: /output}
      """

  Scenario: A validation error can be caught
    Given a workflow with definition:
      """yaml
      do:
      - guard:
          try:
          - task: {set: {a: 1}, output: {schema: {format: json, document: {type: object, properties: {age: {type: integer}}, required: [age]}}}}
          catch:
            errors: {with: {type: https://serverlessworkflow.io/spec/1.0.0/errors/validation}}
            do:
            - fallback: {set: {age: 0}}
      """
    When the workflow is executed
    Then the workflow should complete with output:
      """yaml
      {age: 0}
      """
