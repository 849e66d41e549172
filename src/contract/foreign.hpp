// Contracts of tools that bring none: an agent framework's or a server's tool says only its name,
// what it does in words, and the JSON Schema of its arguments. One general rule reads them. It is
// made to be wrong on the safe side: what it does not know is an effect that cannot be undone,
// every argument of an effect is authority, every output untrusted and private.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "contract/tool.hpp"

namespace naestro::contract {

// `input` is the JSON Schema of the arguments, an object's. The contract has the effects, the kinds
// of the arguments and no schemas of its own compiled.
//
//   send_email(recipients, subject, body): send; recipients are authority, the rest payload
//   get_page(url): net; url is authority.   list_files(folder): read; folder is inert
ToolContract foreign_contract(std::string_view name, std::string_view description,
                              const json::Value& input);

// Writes to `undo` which tool of the list undoes a write: "unstar_repo" undoes "star_repo", and the
// other way round.
void find_undoing(std::vector<ToolContract>& tools);

// A schema whose types have the names of Python ("dict", "float", "tuple", "any") in those of JSON
// Schema. "any" is no limit; what is known already stays as it is.
json::Value standard_types(const json::Value& schema);

// The words of a name, in lower case: "sendEmail_to" is send, email, to.
std::vector<std::string> words_of_name(std::string_view name);

// Whether an argument of this name holds a URL or a host.
bool names_a_host(std::string_view argument);
// Whether an argument of this name proves who somebody is, as a one-time code does.
bool names_a_proof(std::string_view argument);

}  // namespace naestro::contract
