// An error as a message between the vault's process and ours. Inside of the room only.
#pragma once

#include <string>
#include <string_view>

#include "base/error.hpp"

namespace naestro::vault {

std::string error_form(const Error& error);
// What is none becomes a kIo.
Error error_of(std::string_view form);

}  // namespace naestro::vault
