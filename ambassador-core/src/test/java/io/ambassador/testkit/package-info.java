/**
 * What tests of Ambassador and of third-party providers share: one contract test for each SPI, real servers started
 * on free ports, small servers in the process, and a relay that injects faults.
 */
package io.ambassador.testkit;
