// SPDX-License-Identifier: Apache-2.0
// Shows the times of a page, which the server writes in UTC, in the time zone of the visitor.

const FORMAT = new Intl.DateTimeFormat("en-GB", { dateStyle: "long", timeStyle: "long" });

export function showLocalTimes() {
  for (const time of document.querySelectorAll("time[datetime]")) {
    const text = FORMAT.format(new Date(time.dateTime));
    if (time.textContent === text) continue;
    time.title = time.textContent;
    time.textContent = text;
  }
}
