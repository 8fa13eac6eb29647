Feature: OpenAPI calls
  The shop describes itself as Swagger 2.0 and as OpenAPI 3.

  Scenario: An operation of Swagger 2.0
    Given a workflow with definition:
      """yaml
      do:
      - findPet:
          call: openapi
          with:
            document: {endpoint: https://shop.example.com/swagger.json}
            operationId: getPet
            parameters: {petId: "${ .petId }"}
          output: {as: "${ {id, name} }"}
      """
    And given the workflow input is:
      """yaml
      petId: 2
      """
    When the workflow is executed
    Then the workflow should complete with output:
      """yaml
      {id: 2, name: Idefix}
      """

  Scenario: An operation of OpenAPI 3
    Given a workflow with definition:
      """yaml
      do:
      - findPet:
          call: openapi
          with:
            document: {endpoint: https://shop.example.com/openapi.yaml}
            operationId: getPet
            parameters: {petId: "${ .petId }"}
          output: {as: "${ {id, name} }"}
      """
    And given the workflow input is:
      """yaml
      petId: 2
      """
    When the workflow is executed
    Then the workflow should complete with output:
      """yaml
      {id: 2, name: Idefix}
      """

  Scenario: The response of an operation
    Given a workflow with definition:
      """yaml
      do:
      - findPet:
          call: openapi
          with: {document: {endpoint: {uri: https://shop.example.com/swagger.json}}, operationId: getPet, parameters: {petId: 1}, output: response}
          output: {as: "${ {statusCode, name: .content.name} }"}
      """
    When the workflow is executed
    Then the workflow should complete with output:
      """yaml
      {statusCode: 200, name: Milou}
      """

  Scenario: Parameters go where the document says
    Given a workflow with definition:
      """yaml
      do:
      - call:
          call: openapi
          with:
            document: {endpoint: https://shop.example.com/openapi.yaml}
            operationId: echo
            parameters: {page: 2, x-token: t1, body: {n: 1}}
          output: {as: "${ {method, query, body, token: .headers[\"x-token\"]} }"}
      """
    When the workflow is executed
    Then the workflow should complete with output:
      """yaml
      {method: POST, query: {page: "2"}, body: {n: 1}, token: t1}
      """

  Scenario: An operation that fails
    Given a workflow with definition:
      """yaml
      do:
      - findPet:
          call: openapi
          with: {document: {endpoint: https://shop.example.com/swagger.json}, operationId: getPet, parameters: {petId: 99}}
      """
    When the workflow is executed
    Then the workflow should fault with an error that has:
      """yaml
      {type: https://serverlessworkflow.io/spec/1.0.0/errors/communication, status: 404, instance: /do/0/findPet}
      """

  Scenario: An operation that does not exist
    Given a workflow with definition:
      """yaml
      do:
      - findPet:
          call: openapi
          with: {document: {endpoint: https://shop.example.com/swagger.json}, operationId: nothing}
      """
    When the workflow is executed
    Then the workflow should fault with an error that has:
      """yaml
      {instance: /do/0/findPet}
      """

  Scenario: An operation without a name is refused
    Given a workflow with definition:
      """yaml
      do:
      - findPet: {call: openapi, with: {document: {endpoint: https://shop.example.com/swagger.json}}}
      """
    When the workflow is executed
    Then the definition should be refused at /do/0/findPet/with
