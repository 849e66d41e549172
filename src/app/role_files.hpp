// Roles: those that are shipped, and people's own in files of the user and of the project.
// docs/formats/role.md has their form and where they lie.
#pragma once

#include "app/config.hpp"
#include "base/embedded.hpp"
#include "contract/role.hpp"
#include "contract/tool.hpp"

namespace naestro::app {

// The shipped ones (roles/*.yaml).
std::span<const EmbeddedFile> embedded_roles();

// All of them, by name. The user's file stands in for a shipped role of its name; a project's comes
// with somebody's folder, and stands in for none. A faulty file spoils only its own role.
contract::RoleCatalog load_roles(const ConfigPlaces& places, const contract::ToolCatalog& tools);

}  // namespace naestro::app
