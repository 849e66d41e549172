// libcurl, loaded when something is first sent or a URL is first read. What it loads in turn is
// most of a process that only waits, and half of the time that a start takes.
#pragma once

#include <curl/curl.h>

#include "base/error.hpp"

namespace naestro::net {

struct Curl {
  decltype(&curl_easy_cleanup) easy_cleanup;
  decltype(&curl_easy_getinfo) easy_getinfo;
  decltype(&curl_easy_init) easy_init;
  decltype(&curl_easy_setopt) easy_setopt;
  decltype(&curl_easy_strerror) easy_strerror;
  decltype(&curl_free) free;
  decltype(&curl_global_init) global_init;
  decltype(&curl_multi_add_handle) multi_add_handle;
  decltype(&curl_multi_cleanup) multi_cleanup;
  decltype(&curl_multi_info_read) multi_info_read;
  decltype(&curl_multi_init) multi_init;
  decltype(&curl_multi_perform) multi_perform;
  decltype(&curl_multi_poll) multi_poll;
  decltype(&curl_multi_remove_handle) multi_remove_handle;
  decltype(&curl_multi_wakeup) multi_wakeup;
  decltype(&curl_slist_append) slist_append;
  decltype(&curl_slist_free_all) slist_free_all;
  decltype(&curl_url) url;
  decltype(&curl_url_cleanup) url_cleanup;
  decltype(&curl_url_get) url_get;
  decltype(&curl_url_set) url_set;
  decltype(&curl_url_strerror) url_strerror;
};

// The functions of a shared library; kIo where it is not there or lacks one of them. It is never
// unloaded.
Result<Curl> open_curl(const char* library);

// libcurl.so.4, opened and initialised by the first call in the process, whichever thread it is on.
Result<const Curl*> curl();

}  // namespace naestro::net
