@org.jspecify.annotations.NullMarked
package io.ambassador.launcher.systemd;
