Feature: Catalogues and references

  Scenario: A function of a catalogue
    Given a workflow with definition:
      """yaml
      use: {catalogs: {shop: {endpoint: "https://shop.example.com/catalog"}}}
      do:
      - call: {call: "greet:1.0.0@shop", with: {name: "${ .who }"}}
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

  Scenario: A function of a catalogue checks what it is given
    Given a workflow with definition:
      """yaml
      use: {catalogs: {shop: {endpoint: {uri: "https://shop.example.com/catalog"}}}}
      do:
      - call: {call: "greet:1.0.0@shop", with: {who: x}}
      """
    When the workflow is executed
    Then the workflow should fault with an error that has:
      """yaml
      {type: https://serverlessworkflow.io/spec/1.0.0/errors/validation, status: 400, instance: /do/0/call/call/input}
      """

  Scenario: A function by its address
    Given a workflow with definition:
      """yaml
      do:
      - loop: {for: {in: '["Ada", "Bob"]'}, do: [{call: {call: https://shop.example.com/catalog/functions/greet/1.0.0/function.yaml, with: {name: "${ $item }"}}}]}
      """
    When the workflow is executed
    Then the workflow should complete with output:
      """yaml
      {message: Hello Bob}
      """

  Scenario: A function that is not there
    Given a workflow with definition:
      """yaml
      do:
      - call: {call: https://shop.example.com/functions/nothing.yaml}
      """
    When the workflow is executed
    Then the workflow should fault with an error that has:
      """yaml
      {type: https://serverlessworkflow.io/spec/1.0.0/errors/communication, status: 404, instance: /do/0/call}
      """

  Scenario: A function that cannot be read
    Given a workflow with definition:
      """yaml
      do:
      - call: {call: https://shop.example.com/functions/broken.yaml}
      """
    When the workflow is executed
    Then the workflow should fault with an error that has:
      """yaml
      {type: https://serverlessworkflow.io/spec/1.0.0/errors/configuration, status: 400, instance: /do/0/call}
      """

  Scenario: A function that calls itself
    Given a workflow with definition:
      """yaml
      do:
      - call: {call: https://shop.example.com/functions/self.yaml}
      """
    When the workflow is executed
    Then the workflow should fault with an error that has:
      """yaml
      {type: https://serverlessworkflow.io/spec/1.0.0/errors/configuration, status: 400}
      """

  Scenario: A schema by reference
    Given a workflow with definition:
      """yaml
      input: {schema: {resource: {endpoint: https://shop.example.com/schemas/age.yaml}}}
      do:
      - task: {set: {x: 1}, output: {schema: {resource: {endpoint: https://shop.example.com/schemas/age.yaml}}}}
      """
    And given the workflow input is:
      """yaml
      age: 1
      """
    When the workflow is executed
    Then the workflow should fault with an error that has:
      """yaml
      {type: https://serverlessworkflow.io/spec/1.0.0/errors/validation, status: 400, instance: /do/0/task/output}
      """

  Scenario: A catalogue that is not defined
    Given a workflow with definition:
      """yaml
      do:
      - call: {call: "greet:1.0.0@nowhere"}
      """
    When the workflow is executed
    Then the definition should be refused at /do/0/call/call
