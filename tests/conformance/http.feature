Feature: HTTP calls
  The shop answers under https://shop.example.com.

  Scenario: Get the content
    Given a workflow with definition:
      """yaml
      document: {dsl: 1.0.3, namespace: tests, name: http-content, version: 0.1.0}
      do:
      - findPet:
          call: http
          with: {method: get, endpoint: {uri: "https://shop.example.com/pets/{petId}"}}
          output: {as: "${ {id, status} }"}
      """
    And given the workflow input is:
      """yaml
      petId: 1
      """
    When the workflow is executed
    Then the workflow should complete with output:
      """yaml
      {id: 1, status: sold}
      """
    And the workflow output should have properties 'id', 'status'

  Scenario: Get the response
    Given a workflow with definition:
      """yaml
      do:
      - findPet: {call: http, with: {method: GET, endpoint: "https://shop.example.com/pets/{petId}", output: response}}
      """
    And given the workflow input is:
      """yaml
      petId: 2
      """
    When the workflow is executed
    Then the workflow output should have properties 'request', 'statusCode', 'headers', 'content'
    And the workflow output should have a 'statusCode' property with value:
      """yaml
      200
      """
    And the workflow output should have a 'content' property with value:
      """yaml
      {id: 2, name: Idefix, status: available}
      """

  Scenario: The request in the response names the original address
    Given a workflow with definition:
      """yaml
      do:
      - call: {call: http, with: {method: get, endpoint: https://shop.example.com/text, output: response}, output: {as: "${ .request | {method, uri} }"}}
      """
    When the workflow is executed
    Then the workflow should complete with output:
      """yaml
      {method: GET, uri: https://shop.example.com/text}
      """

  Scenario: Get the raw bytes
    Given a workflow with definition:
      """yaml
      do:
      - call: {call: http, with: {method: get, endpoint: https://shop.example.com/bytes, output: raw}}
      """
    When the workflow is executed
    Then the workflow should complete with output:
      """yaml
      AAEC
      """

  Scenario: Text is text and other content is base64
    Given a workflow with definition:
      """yaml
      do:
      - text: {call: http, with: {method: get, endpoint: https://shop.example.com/text}, export: {as: {text: "${ . }"}}}
      - bytes: {call: http, with: {method: get, endpoint: https://shop.example.com/bytes}, output: {as: "${ {text: $context.text, bytes: .} }"}}
      """
    When the workflow is executed
    Then the workflow should complete with output:
      """yaml
      {text: Grüße, bytes: AAEC}
      """

  Scenario: No content is null
    Given a workflow with definition:
      """yaml
      do:
      - call: {call: http, with: {method: delete, endpoint: https://shop.example.com/status/204}, output: {as: "${ . == null or . == \"status 204\" }"}}
      """
    When the workflow is executed
    Then the workflow should complete with output:
      """yaml
      true
      """

  Scenario: A body is JSON
    Given a workflow with definition:
      """yaml
      do:
      - call: {call: http, with: {method: post, endpoint: https://shop.example.com/echo, body: {pet: "${ .name }", n: 1}}, output: {as: "${ {method, body, type: .headers[\"content-type\"]} }"}}
      """
    And given the workflow input is:
      """yaml
      name: Milou
      """
    When the workflow is executed
    Then the workflow should complete with output:
      """yaml
      {method: POST, body: {pet: Milou, n: 1}, type: application/json}
      """

  Scenario: A body of text is text
    Given a workflow with definition:
      """yaml
      do:
      - call: {call: http, with: {method: put, endpoint: https://shop.example.com/echo, body: "hello"}, output: {as: "${ .body }"}}
      """
    When the workflow is executed
    Then the workflow should complete with output:
      """yaml
      hello
      """

  Scenario: Headers and query are templates
    Given a workflow with definition:
      """yaml
      do:
      - call: {call: http, with: {method: get, endpoint: https://shop.example.com/echo, headers: {x-token: "${ .token }"}, query: {page: "${ .page }", none: "${ null }"}}, output: {as: "${ {query, token: .headers[\"x-token\"]} }"}}
      """
    And given the workflow input is:
      """yaml
      {token: t1, page: 2}
      """
    When the workflow is executed
    Then the workflow should complete with output:
      """yaml
      {query: {page: "2"}, token: t1}
      """

  Scenario: Headers and query may be one expression
    Given a workflow with definition:
      """yaml
      do:
      - call: {call: http, with: {method: get, endpoint: https://shop.example.com/echo, headers: "${ {\"x-token\": .token} }", query: "${ {page: 3} }"}, output: {as: "${ {query, token: .headers[\"x-token\"]} }"}}
      """
    And given the workflow input is:
      """yaml
      token: t1
      """
    When the workflow is executed
    Then the workflow should complete with output:
      """yaml
      {query: {page: "3"}, token: t1}
      """

  Scenario: The endpoint may be an expression
    Given a workflow with definition:
      """yaml
      do:
      - call: {call: http, with: {method: get, endpoint: '${ "https://shop.example.com/pets/\(.id)" }'}, output: {as: .name}}
      """
    And given the workflow input is:
      """yaml
      id: 1
      """
    When the workflow is executed
    Then the workflow should complete with output:
      """yaml
      Milou
      """

  Scenario: Names with a dot in a template are names of properties
    Given a workflow with definition:
      """yaml
      do:
      - call: {call: http, with: {method: get, endpoint: "https://shop.example.com/pets/{pet.id}"}, output: {as: .name}}
      """
    And given the workflow input is:
      """yaml
      {"pet.id": 2, pet: {id: 1}}
      """
    When the workflow is executed
    Then the workflow should complete with output:
      """yaml
      Idefix
      """

  Scenario: What is missing in a template is nothing
    Given a workflow with definition:
      """yaml
      do:
      - call: {call: http, with: {method: get, endpoint: "https://shop.example.com/echo{nothing}"}, output: {as: .method}}
      """
    And given the workflow input is:
      """yaml
      x: 1
      """
    When the workflow is executed
    Then the workflow should complete with output:
      """yaml
      GET
      """

  Scenario: Values in a template are encoded
    Given a workflow with definition:
      """yaml
      do:
      - call: {call: http, with: {method: get, endpoint: "https://shop.example.com/echo?q={q}"}, output: {as: .query.q}}
      """
    And given the workflow input is:
      """yaml
      q: a b&c/d
      """
    When the workflow is executed
    Then the workflow should complete with output:
      """yaml
      a b&c/d
      """

  Scenario: An object cannot stand in a template
    Given a workflow with definition:
      """yaml
      do:
      - call: {call: http, with: {method: get, endpoint: "https://shop.example.com/pets/{pet}"}}
      """
    And given the workflow input is:
      """yaml
      pet: {id: 1}
      """
    When the workflow is executed
    Then the workflow should fault with an error that has:
      """yaml
      {type: https://serverlessworkflow.io/spec/1.0.0/errors/expression, status: 400, instance: /do/0/call}
      """

  Scenario: A status that is an error is the error's
    Given a workflow with definition:
      """yaml
      do:
      - findPet: {call: http, with: {method: get, endpoint: https://shop.example.com/pets/99}}
      """
    When the workflow is executed
    Then the workflow should fault with an error that has:
      """yaml
      {type: https://serverlessworkflow.io/spec/1.0.0/errors/communication, status: 404, title: Not Found, instance: /do/0/findPet}
      """
    And the workflow should fault and say no pet 99

  Scenario: An error of a call is caught
    Given a workflow with definition:
      """yaml
      document: {dsl: 1.0.3, namespace: tests, name: try-http, version: 0.1.0}
      do:
      - tryGetPet:
          try:
          - getPet: {call: http, with: {method: get, endpoint: "https://shop.example.com/pets/{petId}"}}
          catch:
            errors: {with: {type: https://serverlessworkflow.io/dsl/errors/types/communication, status: 404}}
            as: err
            do:
            - notifySupport: {set: {error: "${ $err }"}}
      """
    And given the workflow input is:
      """yaml
      petId: 99
      """
    When the workflow is executed
    Then notifySupport should run last
    And the workflow output should have a 'error' property with value:
      """yaml
      type: https://serverlessworkflow.io/spec/1.0.0/errors/communication
      status: 404
      title: Not Found
      detail: '{"message": "no pet 99"}'
      instance: /do/0/tryGetPet/try/0/getPet
      """

  Scenario: A redirect is an error unless it is to be followed
    Given a workflow with definition:
      """yaml
      do:
      - call: {call: http, with: {method: get, endpoint: https://shop.example.com/status/302}}
      """
    When the workflow is executed
    Then the workflow should fault with an error that has:
      """yaml
      {status: 302}
      """

  Scenario: A redirect is followed when it is to be
    Given a workflow with definition:
      """yaml
      do:
      - call: {call: http, with: {method: get, endpoint: https://shop.example.com/status/302, redirect: true}, output: {as: .name}}
      """
    When the workflow is executed
    Then the workflow should complete with output:
      """yaml
      Milou
      """

  Scenario: A failing call is retried
    Given a workflow with definition:
      """yaml
      do:
      - attempt:
          try:
          - call: {call: http, with: {method: get, endpoint: https://shop.example.com/status/503}}
          catch: {retry: {when: .status == 503, delay: {milliseconds: 10}, limit: {attempt: {count: 2}}}}
      """
    When the workflow is executed
    Then the workflow should fault with an error that has:
      """yaml
      {status: 503}
      """
    And call should run 3 times
