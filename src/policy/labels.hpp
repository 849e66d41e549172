// The algebra of labels. Joining never makes a value more trusted or more widely readable.
#pragma once

#include <optional>

#include "contract/label.hpp"

namespace naestro::policy {

// All sources of both, the readers of both narrowed ("public" holds only if both say so),
// instruction-bearing if either is.
contract::Label join(contract::Label a, const contract::Label& b);

// The same for what may have no label yet.
void add(std::optional<contract::Label>& to, const contract::Label& label);

// The label of the part at `pointer`: its own entry or its nearest ancestor's, joined with those
// of the parts inside of it; unlabelled() when there is none.
contract::Label label_at(const contract::Labels& labels, std::string_view pointer);

// The label of the whole value with every part joined.
contract::Label whole(const contract::Labels& labels);

// Every source is the user, the policy or the plan itself: the value may decide where an effect
// goes. The unlabelled is not trusted.
bool trusted(const contract::Label& label);

// Anybody may read it.
bool is_public(const contract::Label& label);

// It must not leave this machine: one of its readers is "off_prem_forbidden" or a "secret:NAME".
bool off_prem_forbidden(const contract::Label& label);
bool off_prem_forbidden(std::string_view reader);

}  // namespace naestro::policy
