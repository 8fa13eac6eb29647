Feature: Raise

  Scenario: An error with an instance of the task
    Given a workflow with definition:
      """yaml
      document: {dsl: 1.0.3, namespace: tests, name: raise, version: 0.1.0}
      do:
      - raiseError:
          raise:
            error:
              status: 400
              type: https://serverlessworkflow.io/errors/types/compliance
              title: Compliance Error
      """
    When the workflow is executed
    Then the workflow should fault with error:
      """yaml
      {status: 400, type: https://serverlessworkflow.io/errors/types/compliance, title: Compliance Error, instance: /do/0/raiseError}
      """
    And raiseError should fault

  Scenario: Nothing is invented
    Given a workflow with definition:
      """yaml
      do:
      - raiseError: {raise: {error: {status: 418, type: https://x.example}}}
      """
    When the workflow is executed
    Then the workflow should fault with error:
      """yaml
      {status: 418, type: https://x.example, instance: /do/0/raiseError}
      """

  Scenario: Title, detail and type may be expressions
    Given a workflow with definition:
      """yaml
      do:
      - raiseError:
          raise:
            error:
              type: ${ "https://x.example/" + .kind }
              status: ${ .status }
              title: ${ "No \(.what)" }
              detail: ${ .what }
      """
    And given the workflow input is:
      """yaml
      {kind: stock, what: pets, status: 409}
      """
    When the workflow is executed
    Then the workflow should fault with error:
      """yaml
      {type: https://x.example/stock, status: 409, title: No pets, detail: pets, instance: /do/0/raiseError}
      """

  Scenario: An error is raised by its name
    Given a workflow with definition:
      """yaml
      use:
        errors:
          notFound: {type: https://x.example/not-found, status: 404, title: Not found}
      do:
      - find: {raise: {error: notFound}}
      """
    When the workflow is executed
    Then the workflow should fault with error:
      """yaml
      {type: https://x.example/not-found, status: 404, title: Not found, instance: /do/0/find}
      """

  Scenario: An instance that the author gives is kept
    Given a workflow with definition:
      """yaml
      do:
      - raiseError: {raise: {error: {type: https://x.example, status: 500, instance: /somewhere/else}}}
      """
    When the workflow is executed
    Then the workflow should fault with error:
      """yaml
      {type: https://x.example, status: 500, instance: /somewhere/else}
      """

  Scenario: The instance names the task however deep
    Given a workflow with definition:
      """yaml
      do:
      - outer: {do: [{inner: {for: {in: "[1]"}, do: [{deep: {raise: {error: {type: https://x.example, status: 500}}}}]}}]}
      """
    When the workflow is executed
    Then the workflow should fault with error:
      """yaml
      {type: https://x.example, status: 500, instance: /do/0/outer/do/0/inner/do/0/deep}
      """
    And outer should fault
    And inner should fault

  Scenario: Nothing runs after it
    Given a workflow with definition:
      """yaml
      do:
      - raiseError: {raise: {error: {type: https://x.example, status: 500}}}
      - never: {set: {x: 1}}
      """
    When the workflow is executed
    Then the workflow should fault
    And never should not run
