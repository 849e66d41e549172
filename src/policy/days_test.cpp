#include "policy/days.hpp"

#include "testing/testing.hpp"

namespace naestro::policy {
namespace {

using Days = std::set<std::string>;

TEST(Days, AreReadAsPeopleWriteThem) {
  EXPECT_EQ(days_in("on April 25th 2026, or the 2nd of May; not 3 Jun."),
            (Days{"04-25", "05-02", "06-03"}));
  EXPECT_EQ(days_in("1st March~"), Days{"03-01"});
  EXPECT_EQ(days_in("Dec 31"), Days{"12-31"});
  EXPECT_EQ(days_in("from 2026-01-09 to 2026-1-10, 11-12-13"), Days{"01-09"});
  EXPECT_EQ(days_in("I may 40 times, may 2026, of may, mayor 7 x, may b"), Days{});
  EXPECT_EQ(days_in(""), Days{});
  EXPECT_EQ(days_in("March"), Days{});
}

TEST(Days, AValueIsADateOrADateAndATime) {
  for (const char* value :
       {"2026-04-25", "2026-04-25 09:00", "2026-04-25T09:00:00.5+02:00", "2026-04-25t09:00z"}) {
    EXPECT_EQ(day_of(value), "04-25") << value;
  }
  for (const char* value : {"", "2026-04-2", "2026/04-25", "2026-04/25", "202x-04-25", "2026-0x-25",
                            "2026-04-2x", "2026-04-25, call me"}) {
    EXPECT_EQ(day_of(value), std::nullopt) << value;
  }
}

}  // namespace
}  // namespace naestro::policy
