Feature: Try and catch

  Scenario: Without an error the output is that of the list
    Given a workflow with definition:
      """yaml
      do:
      - attempt: {try: [{ok: {set: {fine: true}}}], catch: {do: [{never: {set: {x: 1}}}]}}
      """
    When the workflow is executed
    Then the workflow should complete with output:
      """yaml
      {fine: true}
      """
    And never should not run

  Scenario: A filter for type: https://x.example/errors/stock catches
    Given a workflow with definition:
      """yaml
      do:
      - attempt:
          try:
          - fail: {raise: {error: {type: https://x.example/errors/stock, status: 409, title: No stock, detail: none left}}}
          catch:
            errors: {with: {type: https://x.example/errors/stock}}
            do: [{handle: {set: {handled: true}}}]
      """
    When the workflow is executed
    Then the workflow should complete with output:
      """yaml
      {handled: true}
      """
    And fail should fault
    And attempt should complete

  Scenario: A filter for status: 409 catches
    Given a workflow with definition:
      """yaml
      do:
      - attempt:
          try:
          - fail: {raise: {error: {type: https://x.example/errors/stock, status: 409, title: No stock, detail: none left}}}
          catch:
            errors: {with: {status: 409}}
            do: [{handle: {set: {handled: true}}}]
      """
    When the workflow is executed
    Then the workflow should complete with output:
      """yaml
      {handled: true}
      """
    And fail should fault
    And attempt should complete

  Scenario: A filter for title: No stock catches
    Given a workflow with definition:
      """yaml
      do:
      - attempt:
          try:
          - fail: {raise: {error: {type: https://x.example/errors/stock, status: 409, title: No stock, detail: none left}}}
          catch:
            errors: {with: {title: No stock}}
            do: [{handle: {set: {handled: true}}}]
      """
    When the workflow is executed
    Then the workflow should complete with output:
      """yaml
      {handled: true}
      """
    And fail should fault
    And attempt should complete

  Scenario: A filter for detail: none left catches
    Given a workflow with definition:
      """yaml
      do:
      - attempt:
          try:
          - fail: {raise: {error: {type: https://x.example/errors/stock, status: 409, title: No stock, detail: none left}}}
          catch:
            errors: {with: {detail: none left}}
            do: [{handle: {set: {handled: true}}}]
      """
    When the workflow is executed
    Then the workflow should complete with output:
      """yaml
      {handled: true}
      """
    And fail should fault
    And attempt should complete

  Scenario: A filter for details: none left catches
    Given a workflow with definition:
      """yaml
      do:
      - attempt:
          try:
          - fail: {raise: {error: {type: https://x.example/errors/stock, status: 409, title: No stock, detail: none left}}}
          catch:
            errors: {with: {details: none left}}
            do: [{handle: {set: {handled: true}}}]
      """
    When the workflow is executed
    Then the workflow should complete with output:
      """yaml
      {handled: true}
      """
    And fail should fault
    And attempt should complete

  Scenario: A filter for instance: /do/0/attempt/try/0/fail catches
    Given a workflow with definition:
      """yaml
      do:
      - attempt:
          try:
          - fail: {raise: {error: {type: https://x.example/errors/stock, status: 409, title: No stock, detail: none left}}}
          catch:
            errors: {with: {instance: /do/0/attempt/try/0/fail}}
            do: [{handle: {set: {handled: true}}}]
      """
    When the workflow is executed
    Then the workflow should complete with output:
      """yaml
      {handled: true}
      """
    And fail should fault
    And attempt should complete

  Scenario: A filter for type: https://x.example/errors/stock, status: 409 catches
    Given a workflow with definition:
      """yaml
      do:
      - attempt:
          try:
          - fail: {raise: {error: {type: https://x.example/errors/stock, status: 409, title: No stock, detail: none left}}}
          catch:
            errors: {with: {type: https://x.example/errors/stock, status: 409}}
            do: [{handle: {set: {handled: true}}}]
      """
    When the workflow is executed
    Then the workflow should complete with output:
      """yaml
      {handled: true}
      """
    And fail should fault
    And attempt should complete

  Scenario: A filter for status: 500 does not catch
    Given a workflow with definition:
      """yaml
      do:
      - attempt:
          try:
          - fail: {raise: {error: {type: https://x.example/errors/stock, status: 409, title: No stock, detail: none left}}}
          catch:
            errors: {with: {status: 500}}
            do: [{handle: {set: {handled: true}}}]
      """
    When the workflow is executed
    Then the workflow should fault with error:
      """yaml
      {type: https://x.example/errors/stock, status: 409, title: No stock, detail: none left, instance: /do/0/attempt/try/0/fail}
      """
    And handle should not run

  Scenario: A filter for type: https://x.example/errors/stock, status: 500 does not catch
    Given a workflow with definition:
      """yaml
      do:
      - attempt:
          try:
          - fail: {raise: {error: {type: https://x.example/errors/stock, status: 409, title: No stock, detail: none left}}}
          catch:
            errors: {with: {type: https://x.example/errors/stock, status: 500}}
            do: [{handle: {set: {handled: true}}}]
      """
    When the workflow is executed
    Then the workflow should fault with error:
      """yaml
      {type: https://x.example/errors/stock, status: 409, title: No stock, detail: none left, instance: /do/0/attempt/try/0/fail}
      """
    And handle should not run

  Scenario: A filter for title: Other does not catch
    Given a workflow with definition:
      """yaml
      do:
      - attempt:
          try:
          - fail: {raise: {error: {type: https://x.example/errors/stock, status: 409, title: No stock, detail: none left}}}
          catch:
            errors: {with: {title: Other}}
            do: [{handle: {set: {handled: true}}}]
      """
    When the workflow is executed
    Then the workflow should fault with error:
      """yaml
      {type: https://x.example/errors/stock, status: 409, title: No stock, detail: none left, instance: /do/0/attempt/try/0/fail}
      """
    And handle should not run

  Scenario: Standard errors are caught by any spelling of their type
    Given a workflow with definition:
      """yaml
      document: {dsl: 1.0.3, namespace: tests, name: try-catch, version: 0.1.0}
      do:
      - attempt:
          try:
          - bad: {set: "${ .a.b | error }"}
          catch:
            errors: {with: {type: https://serverlessworkflow.io/dsl/errors/types/expression, status: 400}}
            do: [{handle: {set: {handled: true}}}]
      """
    And given the workflow input is:
      """yaml
      a: {b: no}
      """
    When the workflow is executed
    Then the workflow should complete with output:
      """yaml
      {handled: true}
      """

  Scenario: When decides, with the error as data and as variable
    Given a workflow with definition:
      """yaml
      do:
      - attempt:
          try:
          - fail: {raise: {error: {type: https://x.example/errors/stock, status: 409, title: No stock, detail: none left}}}
          catch:
            when: .status == 409 and $error.title == "No stock"
            do: [{handle: {set: {handled: true}}}]
      """
    When the workflow is executed
    Then the workflow should complete with output:
      """yaml
      {handled: true}
      """

  Scenario: A when that is false does not catch
    Given a workflow with definition:
      """yaml
      do:
      - attempt:
          try:
          - fail: {raise: {error: {type: https://x.example/errors/stock, status: 409, title: No stock, detail: none left}}}
          catch:
            when: .status == 500
            do: [{handle: {set: {handled: true}}}]
      """
    When the workflow is executed
    Then the workflow should fault with an error that has:
      """yaml
      {status: 409}
      """

  Scenario: An exceptWhen that is true does not catch
    Given a workflow with definition:
      """yaml
      do:
      - attempt:
          try:
          - fail: {raise: {error: {type: https://x.example/errors/stock, status: 409, title: No stock, detail: none left}}}
          catch:
            exceptWhen: $error.status == 409
            do: [{handle: {set: {handled: true}}}]
      """
    When the workflow is executed
    Then the workflow should fault with an error that has:
      """yaml
      {status: 409}
      """

  Scenario: The error is at hand under the name that is chosen
    Given a workflow with definition:
      """yaml
      do:
      - attempt:
          try:
          - fail: {raise: {error: {type: https://x.example/errors/stock, status: 409, title: No stock, detail: none left}}}
          catch:
            as: problem
            do: [{handle: {set: {status: "${ $problem.status }", where: "${ $problem.instance }"}}}]
      """
    When the workflow is executed
    Then the workflow should complete with output:
      """yaml
      {status: 409, where: /do/0/attempt/try/0/fail}
      """

  Scenario: The handler gets the input of the try
    Given a workflow with definition:
      """yaml
      do:
      - attempt:
          try:
          - fail: {raise: {error: {type: https://x.example/errors/stock, status: 409, title: No stock, detail: none left}}}
          catch:
            do: [{handle: {set: {was: "${ .n }"}}}]
      """
    And given the workflow input is:
      """yaml
      n: 1
      """
    When the workflow is executed
    Then the workflow should complete with output:
      """yaml
      {was: 1}
      """

  Scenario: A catch with nothing to do gives the input
    Given a workflow with definition:
      """yaml
      do:
      - attempt:
          try:
          - fail: {raise: {error: {type: https://x.example/errors/stock, status: 409, title: No stock, detail: none left}}}
          catch:
            errors: {with: {status: 409}}
      """
    And given the workflow input is:
      """yaml
      n: 1
      """
    When the workflow is executed
    Then the workflow should complete with output:
      """yaml
      {n: 1}
      """

  Scenario: A catch may say where to go on
    Given a workflow with definition:
      """yaml
      do:
      - attempt:
          try:
          - fail: {raise: {error: {type: https://x.example/errors/stock, status: 409, title: No stock, detail: none left}}}
          catch:
            then: end
            do: [{handle: {set: {handled: true}}}]
      - never: {set: {x: 1}}
      """
    When the workflow is executed
    Then the workflow should complete with output:
      """yaml
      {handled: true}
      """
    And never should not run

  Scenario: Where a catch goes on matters on the error path only
    Given a workflow with definition:
      """yaml
      do:
      - attempt: {try: [{ok: {set: {fine: true}}}], catch: {then: end}}
      - after: {set: {came: here}}
      """
    When the workflow is executed
    Then the workflow should complete with output:
      """yaml
      {came: here}
      """

  Scenario: An error of the handler is not caught by its own catch
    Given a workflow with definition:
      """yaml
      do:
      - attempt:
          try:
          - fail: {raise: {error: {type: https://x.example/errors/stock, status: 409, title: No stock, detail: none left}}}
          catch:
            do: [{again: {raise: {error: {type: https://x.example, status: 501}}}}]
      """
    When the workflow is executed
    Then the workflow should fault with an error that has:
      """yaml
      {status: 501, instance: /do/0/attempt/catch/do/0/again}
      """

  Scenario: An outer try catches what an inner one lets pass
    Given a workflow with definition:
      """yaml
      do:
      - outer:
          try:
          - inner: {try: [{fail: {raise: {error: {type: https://x.example, status: 409}}}}], catch: {errors: {with: {status: 500}}}}
          catch: {do: [{handle: {set: {handled: "${ $error.status }"}}}]}
      """
    When the workflow is executed
    Then the workflow should complete with output:
      """yaml
      {handled: 409}
      """
    And inner should fault
    And outer should complete

  Scenario: The context of a failed attempt is kept
    Given a workflow with definition:
      """yaml
      do:
      - attempt:
          try:
          - note: {set: {x: 1}, export: {as: {noted: true}}}
          - fail: {raise: {error: {type: https://x.example, status: 500}}}
          catch: {do: [{handle: {set: "${ $context }"}}]}
      """
    When the workflow is executed
    Then the workflow should complete with output:
      """yaml
      {noted: true}
      """
