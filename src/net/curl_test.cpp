#include "net/curl.hpp"

#include "testing/testing.hpp"

namespace naestro::net {
namespace {

TEST(Curl, IsLoadedOnceForAll) {
  const auto once = curl();
  ASSERT_TRUE(once) << once.error().text();
  EXPECT_EQ(*curl(), *once);
  EXPECT_STREQ((*once)->easy_strerror(CURLE_OK), "No error");
}

TEST(Curl, ALibraryThatIsNotThereOrIsAnotherIsNamed) {
  for (const char* library : {"libcurl-none.so.9", "libm.so.6"}) {
    const auto none = open_curl(library);
    ASSERT_FALSE(none) << library;
    EXPECT_EQ(none.error().code, Code::kIo);
    EXPECT_TRUE(none.error().message.contains(library)) << none.error().message;
    EXPECT_TRUE(none.error().remedy.contains("libcurl4"));
  }
}

}  // namespace
}  // namespace naestro::net
