#pragma once

#include <bulkhead/detail/entry.hpp>
#include <initializer_list>
#include <string>
#include <string_view>
#include <vector>

namespace bulkhead {

/// Another executable, to be started as a child: `rt.spawn(command{"./worker", "--fast"})`.
///
/// The program is looked for in PATH when its name has no slash. `with` gives it endpoints, or any
/// message, by name; there `bulkhead::runtime rt{bulkhead::inherited}` and
/// `rt.endpoint<queue<job>>("jobs")` take them up. A program that was given none needs to know
/// nothing of this library, may be in any language, and gets SIGTERM as its stop request; one that
/// has made its runtime is asked as a function is.
/// @owns the queues and pipe ends it was given, while it lives.
class command {
 public:
  command(std::initializer_list<std::string> arguments) : arguments_(arguments) { check(); }
  explicit command(std::vector<std::string> arguments) : arguments_(std::move(arguments)) {
    check();
  }

  /// @errors std::invalid_argument: the name is empty or was given before.
  template <class T>
  command& with(std::string_view name, T&& value) & {
    add(name, detail::make_legacy<std::decay_t<T>>(std::forward<T>(value)));
    return *this;
  }
  template <class T>
  command&& with(std::string_view name, T&& value) && {
    return std::move(with(name, std::forward<T>(value)));
  }

  /// Adds an argument behind the others.
  command& append(std::string argument) {
    arguments_.push_back(std::move(argument));
    check();
    return *this;
  }

  [[nodiscard]] const std::vector<std::string>& arguments() const noexcept { return arguments_; }
  [[nodiscard]] detail::start_recipe recipe() const;

 private:
  void check() const;
  void add(std::string_view name, detail::legacy&& left);

  std::vector<std::string> arguments_;
  std::vector<std::pair<std::string, detail::legacy>> legacies_;
};

/// Makes `runtime` the one of a program that a `command` with endpoints started.
struct inherited_t {};
inline constexpr inherited_t inherited{};

}  // namespace bulkhead
