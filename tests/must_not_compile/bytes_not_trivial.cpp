// expect: enable_bytes is for trivially copyable
#include <bulkhead/message.hpp>

class order {
 public:
  std::string text;

 private:
  [[maybe_unused]] int secret_ = 0;
};
template <>
inline constexpr bool bulkhead::enable_bytes<order> = true;

static_assert(bulkhead::detail::require_message<order>());
