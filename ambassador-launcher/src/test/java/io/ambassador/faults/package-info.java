/** Whole ambassadors against real servers that are killed, stopped, cut off, slow or hostile. */
package io.ambassador.faults;
