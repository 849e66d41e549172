#include "net/curl.hpp"

#include <dlfcn.h>

#include <cstring>
#include <string>
#include <utility>

namespace naestro::net {
namespace {

std::unexpected<Error> not_loaded() {
  return fail(Code::kIo, std::string{"libcurl cannot be loaded: "} + ::dlerror(),
              "install the package libcurl4, version 7.88 or newer");
}

Result<Curl> initialised() {
  NAESTRO_LET(const Curl curl, open_curl("libcurl.so.4"));
  check(curl.global_init(CURL_GLOBAL_DEFAULT) == CURLE_OK, "libcurl could be initialised");
  return curl;
}

}  // namespace

Result<Curl> open_curl(const char* library) {
  void* handle = ::dlopen(library, RTLD_NOW | RTLD_LOCAL);
  if (handle == nullptr) return not_loaded();
  Curl out{};
  const auto at = [](auto& function) { return static_cast<void*>(&function); };
  const std::pair<const char*, void*> all[] = {
      {"curl_easy_cleanup", at(out.easy_cleanup)},
      {"curl_easy_getinfo", at(out.easy_getinfo)},
      {"curl_easy_init", at(out.easy_init)},
      {"curl_easy_setopt", at(out.easy_setopt)},
      {"curl_easy_strerror", at(out.easy_strerror)},
      {"curl_free", at(out.free)},
      {"curl_global_init", at(out.global_init)},
      {"curl_multi_add_handle", at(out.multi_add_handle)},
      {"curl_multi_cleanup", at(out.multi_cleanup)},
      {"curl_multi_info_read", at(out.multi_info_read)},
      {"curl_multi_init", at(out.multi_init)},
      {"curl_multi_perform", at(out.multi_perform)},
      {"curl_multi_poll", at(out.multi_poll)},
      {"curl_multi_remove_handle", at(out.multi_remove_handle)},
      {"curl_multi_wakeup", at(out.multi_wakeup)},
      {"curl_slist_append", at(out.slist_append)},
      {"curl_slist_free_all", at(out.slist_free_all)},
      {"curl_url", at(out.url)},
      {"curl_url_cleanup", at(out.url_cleanup)},
      {"curl_url_get", at(out.url_get)},
      {"curl_url_set", at(out.url_set)},
      {"curl_url_strerror", at(out.url_strerror)},
  };
  for (const auto& [name, into] : all) {
    const void* const function = ::dlsym(handle, name);
    if (function == nullptr) return not_loaded();
    std::memcpy(into, &function, sizeof function);
  }
  return out;
}

Result<const Curl*> curl() {
  static const Result<Curl> loaded = initialised();
  if (!loaded) return std::unexpected(loaded.error());
  return &*loaded;
}

}  // namespace naestro::net
