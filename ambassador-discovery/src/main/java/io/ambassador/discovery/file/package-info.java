/**
 * Source {@code file}: endpoints in a JSON or plain text file that somebody else writes, such as a configuration
 * manager or a Kubernetes ConfigMap. One thread for each watch reads the file when its directory changes and once a
 * second besides; content counts once two reads in a row agree. A file that is missing, unreadable or half-written says
 * nothing about the service, so that what was known goes on being used.
 */
@NullMarked
package io.ambassador.discovery.file;

import org.jspecify.annotations.NullMarked;
