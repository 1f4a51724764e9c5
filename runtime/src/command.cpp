#include <bulkhead/command.hpp>
#include <stdexcept>

#include "os/encode_all.hpp"

namespace bulkhead {

void command::check() const {
  if (arguments_.empty() || arguments_.front().empty()) {
    throw std::invalid_argument("a command needs the name of a program");
  }
  for (const std::string& text : arguments_) {
    if (text.find('\0') != std::string::npos) {
      throw std::invalid_argument("an argument of command '" + arguments_.front() +
                                  "' holds a zero byte");
    }
  }
}

void command::add(std::string_view name, detail::legacy&& left) {
  if (name.empty()) throw std::invalid_argument("command::with: the name is empty");
  for (const auto& [other, there] : legacies_) {
    if (other == name) {
      throw std::invalid_argument("command::with: '" + std::string(name) + "' was given before");
    }
  }
  legacies_.emplace_back(name, std::move(left));
}

detail::start_recipe command::recipe() const {
  detail::start_recipe made;
  made.command = arguments_;
  made.inherits = !legacies_.empty();
  std::vector<detail::named_legacy> all;
  std::vector<std::shared_ptr<const void>> values;
  for (const auto& [name, left] : legacies_) {
    all.push_back({name, left.fingerprint, made.endpoints.size(), left.bytes});
    made.endpoints.insert(made.endpoints.end(), left.endpoints.begin(), left.endpoints.end());
    values.push_back(left.value);
  }
  made.values = std::make_shared<const std::vector<std::shared_ptr<const void>>>(std::move(values));
  made.arguments = os::encode_all(all);
  return made;
}

}  // namespace bulkhead
