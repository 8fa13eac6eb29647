Feature: Wait and timeouts

  Scenario: A wait passes its input
    Given a workflow with definition:
      """yaml
      do:
      - pause: {wait: {milliseconds: 10}}
      - after: {set: {n: "${ .n }"}}
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
    And pause should complete

  Scenario: A duration written as PT0.01S
    Given a workflow with definition:
      """yaml
      do:
      - pause: {wait: PT0.01S}
      """
    And given the workflow input is:
      """yaml
      wait: PT0.01S
      """
    When the workflow is executed
    Then the workflow should complete with output:
      """yaml
      {wait: PT0.01S}
      """

  Scenario: A duration written as {seconds: 0, milliseconds: 10}
    Given a workflow with definition:
      """yaml
      do:
      - pause: {wait: {seconds: 0, milliseconds: 10}}
      """
    And given the workflow input is:
      """yaml
      wait: PT0.01S
      """
    When the workflow is executed
    Then the workflow should complete with output:
      """yaml
      {wait: PT0.01S}
      """

  Scenario: A duration written as "${ .wait }"
    Given a workflow with definition:
      """yaml
      do:
      - pause: {wait: "${ .wait }"}
      """
    And given the workflow input is:
      """yaml
      wait: PT0.01S
      """
    When the workflow is executed
    Then the workflow should complete with output:
      """yaml
      {wait: PT0.01S}
      """

  Scenario: A duration written as {milliseconds: "${ 5 + 5 }"}
    Given a workflow with definition:
      """yaml
      do:
      - pause: {wait: {milliseconds: "${ 5 + 5 }"}}
      """
    And given the workflow input is:
      """yaml
      wait: PT0.01S
      """
    When the workflow is executed
    Then the workflow should complete with output:
      """yaml
      {wait: PT0.01S}
      """

  Scenario: A duration that is none is an expression error
    Given a workflow with definition:
      """yaml
      do:
      - pause: {wait: "${ .wait }"}
      """
    And given the workflow input is:
      """yaml
      wait: soon
      """
    When the workflow is executed
    Then the workflow should fault with an error that has:
      """yaml
      {type: https://serverlessworkflow.io/spec/1.0.0/errors/expression, status: 400, instance: /do/0/pause}
      """

  Scenario: A task that takes too long
    Given a workflow with definition:
      """yaml
      do:
      - slow: {wait: {seconds: 30}, timeout: {after: {milliseconds: 50}}}
      """
    When the workflow is executed
    Then the workflow should fault with an error that has:
      """yaml
      {type: https://serverlessworkflow.io/spec/1.0.0/errors/timeout, status: 408, instance: /do/0/slow}
      """
    And slow should fault

  Scenario: A timeout by its name
    Given a workflow with definition:
      """yaml
      use: {timeouts: {short: {after: PT0.05S}}}
      do:
      - slow: {wait: {seconds: 30}, timeout: short}
      """
    When the workflow is executed
    Then the workflow should fault with an error that has:
      """yaml
      {status: 408}
      """

  Scenario: A timeout is caught
    Given a workflow with definition:
      """yaml
      do:
      - attempt:
          try:
          - slow: {do: [{w: {wait: {seconds: 30}}}], timeout: {after: {milliseconds: 50}}}
          catch: {errors: {with: {type: https://serverlessworkflow.io/spec/1.0.0/errors/timeout}}, do: [{late: {set: {late: true}}}]}
      """
    When the workflow is executed
    Then the workflow should complete with output:
      """yaml
      {late: true}
      """
    And w should be cancelled

  Scenario: The workflow takes too long
    Given a workflow with definition:
      """yaml
      timeout: {after: {milliseconds: 50}}
      do:
      - slow: {wait: {seconds: 30}}
      """
    When the workflow is executed
    Then the workflow should fault with an error that has:
      """yaml
      {type: https://serverlessworkflow.io/spec/1.0.0/errors/timeout, status: 408, instance: /}
      """
    And slow should be cancelled

  Scenario: In time nothing happens
    Given a workflow with definition:
      """yaml
      timeout: {after: {seconds: 30}}
      do:
      - quick: {set: {x: 1}, timeout: {after: {seconds: 20}}}
      """
    When the workflow is executed
    Then the workflow should complete with output:
      """yaml
      {x: 1}
      """
