/** A source as a third party would write it, in a jar of its own. */
package io.ambassador.discovery.thirdparty;
