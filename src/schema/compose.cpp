#include "schema/compose.hpp"

#include "schema/node.hpp"

namespace naestro::schema {
namespace {

class Maker {
 public:
  Maker() : root_{&made_->nodes.emplace_back()} { made_->root = root_; }

  Node& root() { return *root_; }

  // A node that admits what the schema does. A $dynamicRef has its meaning in its own program
  // alone: with one, the whole is marked as what cannot be compared.
  const Node* part(const Schema& schema) {
    const auto& program = schema.shared_program();
    made_->marks |= program->marks;
    if (program->dynamic) {
      made_->dynamic = true;
      return plain(Node::Kind::all);
    }
    made_->bases.push_back(program);
    return program->root;
  }
  const Node* nothing() { return plain(Node::Kind::none); }

  Schema schema() && { return Schema{std::move(made_)}; }

 private:
  const Node* plain(Node::Kind kind) {
    Node& node = made_->nodes.emplace_back();
    node.kind = kind;
    return &node;
  }

  std::shared_ptr<Program> made_ = std::make_shared<Program>();
  Node* root_ = nullptr;
};

}  // namespace

Schema object_of(const std::vector<std::pair<std::string, Schema>>& members) {
  Maker maker;
  maker.root().types = kObject;
  for (const auto& [name, schema] : members) {
    maker.root().properties.emplace(name, maker.part(schema));
    maker.root().required.push_back(name);
  }
  maker.root().additional = maker.nothing();
  return std::move(maker).schema();
}

Schema array_of(const std::vector<Schema>& items) {
  Maker maker;
  maker.root().types = kArray;
  for (const Schema& schema : items) maker.root().prefix.push_back(maker.part(schema));
  maker.root().items = maker.nothing();
  maker.root().elements.min = items.size();
  return std::move(maker).schema();
}

Schema all_but(const Schema& schema) {
  Maker maker;
  maker.root().negated = maker.part(schema);
  return std::move(maker).schema();
}

}  // namespace naestro::schema
