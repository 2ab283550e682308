package io.ambassador.transport;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;

import org.junit.jupiter.api.Test;

class KernelSupportTest {
    @Test
    void isWorthATryFromTheKernelOnThatSendsNothingTwice() {
        assertNull(KernelSupport.missing("Linux", "amd64", "6.17.0-rc1"));
        assertNull(KernelSupport.missing("Linux", "aarch64", "7.0"));
        assertEquals(
                "it needs Linux 6.17, this is 6.16.9-generic",
                KernelSupport.missing("Linux", "amd64", "6.16.9-generic"));
        assertEquals("it needs Linux 6.17, this is 5.15.0", KernelSupport.missing("Linux", "amd64", "5.15.0"));
        assertEquals("it needs Linux 6.17, this is unknown", KernelSupport.missing("Linux", "amd64", "unknown"));
    }

    @Test
    void saysWhatItNeedsElsewhere() {
        assertEquals("it needs Linux, this is Mac OS X", KernelSupport.missing("Mac OS X", "aarch64", "14.1"));
        assertEquals(
                "it needs x86-64 or aarch64, this is riscv64", KernelSupport.missing("Linux", "riscv64", "6.18.1"));
    }
}
