Feature: Authentication
  The shop's back room is open to ada with the password s3cret, and to the token t0ken.

  Scenario: Basic authentication in place
    Given a workflow with definition:
      """yaml
      do:
      - enter: {call: http, with: {method: get, endpoint: {uri: https://shop.example.com/private, authentication: {basic: {username: ada, password: s3cret}}}}}
      """
    When the workflow is executed
    Then the workflow should complete with output:
      """yaml
      {welcome: ada}
      """

  Scenario: Bearer authentication by its name
    Given a workflow with definition:
      """yaml
      use: {authentications: {token: {bearer: {token: t0ken}}}}
      do:
      - enter: {call: http, with: {method: get, endpoint: {uri: https://shop.example.com/private, authentication: {use: token}}}}
      """
    When the workflow is executed
    Then the workflow should complete with output:
      """yaml
      {welcome: bearer}
      """

  Scenario: Parts of a policy may be computed
    Given a workflow with definition:
      """yaml
      do:
      - enter: {call: http, with: {method: get, endpoint: {uri: https://shop.example.com/private, authentication: {basic: {username: "${ .user }", password: s3cret}}}}}
      """
    And given the workflow input is:
      """yaml
      user: ada
      """
    When the workflow is executed
    Then the workflow should complete with output:
      """yaml
      {welcome: ada}
      """

  Scenario: Wrong credentials are an error of the call
    Given a workflow with definition:
      """yaml
      do:
      - enter: {call: http, with: {method: get, endpoint: {uri: https://shop.example.com/private, authentication: {basic: {username: ada, password: wrong}}}}}
      """
    When the workflow is executed
    Then the workflow should fault with an error that has:
      """yaml
      {type: https://serverlessworkflow.io/spec/1.0.0/errors/communication, status: 401, instance: /do/0/enter}
      """

  Scenario: A policy that is not defined is refused
    Given a workflow with definition:
      """yaml
      do:
      - enter: {call: http, with: {method: get, endpoint: {uri: https://shop.example.com/private, authentication: {use: nobody}}}}
      """
    When the workflow is executed
    Then the definition should be refused at /do/0/enter/with/endpoint/authentication/use

  Scenario: A policy of two kinds is refused
    Given a workflow with definition:
      """yaml
      use: {authentications: {both: {basic: {username: a, password: b}, bearer: {token: t}}}}
      do:
      - enter: {set: {x: 1}}
      """
    When the workflow is executed
    Then the definition should be refused at /use/authentications/both
