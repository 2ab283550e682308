/**
 * What systemd is told of the process: that it is ready, reloads, stops and lives. Only where systemd asks to be told,
 * by {@code $NOTIFY_SOCKET}.
 */
@NullMarked
package io.ambassador.launcher.systemd;

import org.jspecify.annotations.NullMarked;
