#include "net/curl.hpp"

#include <dlfcn.h>

#include <string>

namespace naestro::net {
namespace {

std::unexpected<Error> not_loaded() {
  const char* why = ::dlerror();
  return fail(Code::kIo, "libcurl cannot be loaded: " + std::string{why != nullptr ? why : ""},
              "install the package libcurl4, version 7.88 or newer");
}

// False when the library has no such function.
template <class Function>
bool find(void* library, const char* name, Function& into) {
  into = reinterpret_cast<Function>(::dlsym(library, name));
  return into != nullptr;
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
  const bool whole =
      find(handle, "curl_easy_cleanup", out.easy_cleanup) &&
      find(handle, "curl_easy_getinfo", out.easy_getinfo) &&
      find(handle, "curl_easy_init", out.easy_init) &&
      find(handle, "curl_easy_setopt", out.easy_setopt) &&
      find(handle, "curl_easy_strerror", out.easy_strerror) &&
      find(handle, "curl_free", out.free) && find(handle, "curl_global_init", out.global_init) &&
      find(handle, "curl_multi_add_handle", out.multi_add_handle) &&
      find(handle, "curl_multi_cleanup", out.multi_cleanup) &&
      find(handle, "curl_multi_info_read", out.multi_info_read) &&
      find(handle, "curl_multi_init", out.multi_init) &&
      find(handle, "curl_multi_perform", out.multi_perform) &&
      find(handle, "curl_multi_poll", out.multi_poll) &&
      find(handle, "curl_multi_remove_handle", out.multi_remove_handle) &&
      find(handle, "curl_multi_wakeup", out.multi_wakeup) &&
      find(handle, "curl_slist_append", out.slist_append) &&
      find(handle, "curl_slist_free_all", out.slist_free_all) &&
      find(handle, "curl_url", out.url) && find(handle, "curl_url_cleanup", out.url_cleanup) &&
      find(handle, "curl_url_get", out.url_get) && find(handle, "curl_url_set", out.url_set) &&
      find(handle, "curl_url_strerror", out.url_strerror);
  if (!whole) return not_loaded();
  return out;
}

Result<const Curl*> curl() {
  static const Result<Curl> loaded = initialised();
  if (!loaded) return std::unexpected(loaded.error());
  return &*loaded;
}

}  // namespace naestro::net
