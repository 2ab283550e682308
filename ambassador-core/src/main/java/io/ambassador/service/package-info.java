/**
 * A service: something the application talks to. The records here say what is wanted and can be compared; the classes
 * keep its endpoints, their health and the picker that new connections use.
 */
@NullMarked
package io.ambassador.service;

import org.jspecify.annotations.NullMarked;
