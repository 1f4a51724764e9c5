#pragma once

#include <bulkhead/actors/compat.hpp>
#include <caf/event_based_actor.hpp>
#include <caf/send.hpp>
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

// The tests are written for CAF 0.17. What 1.x has not, or has by another name, is here.

namespace bulkhead_test {

/// A stateful actor's state.
template <class Self>
decltype(auto) state_of(Self self) {
  if constexpr (requires { self->state(); }) {
    return self->state();
  } else {
    return (self->state);
  }
}

/// The fields of a class, for its `inspect`.
template <class Inspector, class T, class... Fields>
auto fields_of(Inspector& f, T& x, Fields&... fields) {
  if constexpr (requires { f.object(x); }) {
    return f.object(x).fields(f.field("field", fields)...);
  } else {
    return f(fields...);
  }
}

}  // namespace bulkhead_test

#if BULKHEAD_CAF_0_17

#define BULKHEAD_TEST_TYPE(name, number, type)

namespace bulkhead_test {
/// Has an actor answer what it has no handler for with unexpected_message, and print nothing.
inline void refuse_others(caf::event_based_actor* self) {
  self->set_default_handler(
      [](caf::scheduled_actor*, caf::message_view&) -> caf::result<caf::message> {
        return caf::sec::unexpected_message;
      });
}
inline void register_types() {}
/// An error of the tests' own category.
inline caf::error own_error(std::uint8_t code, const std::string& text) {
  return {code, caf::atom("own"), caf::make_message(text)};
}
inline bool is_own(const caf::error& e) { return e.category() == caf::atom("own"); }
}  // namespace bulkhead_test

#else

#include <caf/init_global_meta_objects.hpp>
#include <string_view>

namespace bulkhead_test {
enum class own_code : std::uint8_t {};
inline std::string to_string(own_code) { return "own"; }
inline bool from_string(std::string_view, own_code&) { return false; }
inline bool from_integer(std::uint8_t code, own_code& to) {
  to = own_code{code};
  return true;
}
template <class Inspector>
bool inspect(Inspector& f, own_code& x) {
  return caf::default_enum_inspect(f, x);
}
}  // namespace bulkhead_test

namespace caf {

template <class... Ins>
struct replies_to {
  template <class... Outs>
  using with = result<Outs...>(Ins...);
};
template <class... Ins>
using reacts_to = result<void>(Ins...);

// A name of a few letters as a number.
constexpr std::uint64_t atom(const char* text) {
  std::uint64_t number = 0;
  for (; *text != 0; ++text) number = number * 32 + static_cast<std::uint64_t>(*text & 31);
  return number;
}
template <std::uint64_t Name>
struct atom_constant {
  static const atom_constant value;
};
template <std::uint64_t Name>
inline const atom_constant<Name> atom_constant<Name>::value{};
template <class Inspector, std::uint64_t Name>
bool inspect(Inspector& f, atom_constant<Name>& x) {
  return f.object(x).fields();
}

}  // namespace caf

CAF_BEGIN_TYPE_ID_BLOCK(bulkhead_tests, first_custom_type_id)
CAF_ADD_TYPE_ID(bulkhead_tests, (bulkhead_test::own_code))
CAF_ADD_TYPE_ID(bulkhead_tests, (caf::atom_constant<caf::atom("add")>))
CAF_ADD_TYPE_ID(bulkhead_tests, (caf::atom_constant<caf::atom("die")>))
CAF_ADD_TYPE_ID(bulkhead_tests, (caf::atom_constant<caf::atom("down")>))
CAF_ADD_TYPE_ID(bulkhead_tests, (caf::atom_constant<caf::atom("drop")>))
CAF_ADD_TYPE_ID(bulkhead_tests, (caf::atom_constant<caf::atom("fail")>))
CAF_ADD_TYPE_ID(bulkhead_tests, (caf::atom_constant<caf::atom("find")>))
CAF_ADD_TYPE_ID(bulkhead_tests, (caf::atom_constant<caf::atom("freeze")>))
CAF_ADD_TYPE_ID(bulkhead_tests, (caf::atom_constant<caf::atom("get")>))
CAF_ADD_TYPE_ID(bulkhead_tests, (caf::atom_constant<caf::atom("hold")>))
CAF_ADD_TYPE_ID(bulkhead_tests, (caf::atom_constant<caf::atom("make")>))
CAF_ADD_TYPE_ID(bulkhead_tests, (caf::atom_constant<caf::atom("note")>))
CAF_ADD_TYPE_ID(bulkhead_tests, (caf::atom_constant<caf::atom("pid")>))
CAF_ADD_TYPE_ID(bulkhead_tests, (caf::atom_constant<caf::atom("quit")>))
CAF_ADD_TYPE_ID(bulkhead_tests, (caf::atom_constant<caf::atom("sum")>))
CAF_ADD_TYPE_ID(bulkhead_tests, (caf::atom_constant<caf::atom("who")>))
CAF_END_TYPE_ID_BLOCK(bulkhead_tests)
CAF_ERROR_CODE_ENUM(bulkhead_test::own_code)

/// A message type of one test file, whose values stay in their process; all of its numbers differ.
#define BULKHEAD_TEST_TYPE(name, number, type)                                                    \
  CAF_BEGIN_TYPE_ID_BLOCK(name, caf::id_block::bulkhead_tests::end + 10 + (number))               \
  CAF_ADD_TYPE_ID(name, (type))                                                                   \
  CAF_END_TYPE_ID_BLOCK(name)                                                                     \
  CAF_ALLOW_UNSAFE_MESSAGE_TYPE(type)                                                             \
  namespace {                                                                                     \
  const bool name##_is_registered = (caf::init_global_meta_objects<caf::id_block::name>(), true); \
  }

namespace bulkhead_test {
inline void refuse_others(caf::event_based_actor* self) {
  self->set_default_handler([](caf::scheduled_actor*, caf::message&) -> caf::skippable_result {
    return caf::make_error(caf::sec::unexpected_message);
  });
}
/// Before `bulkhead::init`, where children begin.
inline void register_types() {
  caf::core::init_global_meta_objects();
  caf::init_global_meta_objects<caf::id_block::bulkhead_tests>();
}
inline caf::error own_error(std::uint8_t code, const std::string& text) {
  return caf::make_error(own_code{code}, text);
}
inline bool is_own(const caf::error& e) { return e.category() == caf::type_id_v<own_code>; }
}  // namespace bulkhead_test

#endif
