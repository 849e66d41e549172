// How values are compared with words, and words with each other, where a model's calls are judged.
#pragma once

#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "base/json.hpp"

namespace naestro::policy {

// Lower case, one blank for each run of blanks, none at the ends.
std::string folded(std::string_view text);
// What a scalar looks like in folded text: "Rosa  Lindt" -> "rosa lindt", 40.50 -> "40.5".
std::string text_of(const json::Value& scalar);
// Whether `value` stands in `text` (both folded) as whole words; a number as a number, also with
// zeros behind its point. The empty value stands everywhere.
bool stands_in(std::string_view value, std::string_view text);

// The words of a name or a text in lower case, without the s of a plural: "list_Files" -> list,
// file.
std::vector<std::string> stems(std::string_view text);
// Whether two names have a word in common that says what they are about, not what is done with it:
// "search_files" and "delete_file" do, "get_mail" and "get_page" do not.
bool about_the_same(std::string_view a, std::string_view b);

// "id", "id_", "file_id", "eventId"
bool names_an_id(std::string_view key);
// "name", "filename", "title", "subject", "label": what people call a thing by.
bool names_a_name(std::string_view key);

// The e-mail addresses in a folded text.
std::set<std::string> addresses_in(std::string_view text);

// An absolute path without a step up: "/a/b", not "/", "a/b", "/a/../b".
bool is_path(std::string_view text);
// Whether one of `folders` is a folder above of `path`. False for what is no path.
bool is_within(std::string_view path, const std::set<std::string>& folders);

}  // namespace naestro::policy
