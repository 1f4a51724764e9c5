#pragma once

#include <caf/message.hpp>
#include <caf/rtti_pair.hpp>
#include <caf/sec.hpp>
#include <caf/type_erased_value.hpp>
#include <caf/type_nr.hpp>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <stdexcept>
#include <string>
#include <typeinfo>
#include <utility>

namespace bulkhead::actors::detail {

// CAF's own message content asks of every type that CAF can serialise and print it. What a feed
// hands to an actor stays in this process, so this content asks for nothing: handlers match it by
// its type, and all that would write it is refused.

/// One value apart from its message, as CAF wants it when somebody builds a message of parts of
/// others.
template <class T>
class plain_value final : public caf::type_erased_value {
 public:
  explicit plain_value(T value) : value_(std::move(value)) {}

  void* get_mutable() override { return &value_; }
  const void* get() const override { return &value_; }
  caf::rtti_pair type() const override { return caf::make_rtti_pair<T>(); }
  caf::error load(caf::deserializer&) override { return caf::sec::invalid_argument; }
  caf::error save(caf::serializer&) const override { return caf::sec::invalid_argument; }
  std::string stringify() const override { return typeid(T).name(); }
  caf::type_erased_value_ptr copy() const override {
    if constexpr (std::copy_constructible<T>) {
      return caf::type_erased_value_ptr(new plain_value(value_));
    } else {
      return nullptr;
    }
  }

 private:
  T value_;
};

/// The content of a message of one value.
template <class T>
class plain_content final : public caf::detail::message_data {
 public:
  explicit plain_content(T value) : value_(std::move(value)) {}

  void* get_mutable(std::size_t) override { return &value_; }
  const void* get(std::size_t) const noexcept override { return &value_; }
  std::size_t size() const noexcept override { return 1; }
  std::uint32_t type_token() const noexcept override { return caf::make_type_token<T>(); }
  caf::rtti_pair type(std::size_t) const noexcept override { return caf::make_rtti_pair<T>(); }
  caf::error load(std::size_t, caf::deserializer&) override { return caf::sec::invalid_argument; }
  caf::error save(std::size_t, caf::serializer&) const override {
    return caf::sec::invalid_argument;
  }
  std::string stringify(std::size_t) const override { return typeid(T).name(); }
  plain_content* copy() const override {
    if constexpr (std::copy_constructible<T>) {
      return new plain_content(value_);
    } else {
      // Only for an actor that keeps its message and changes it: a handler has the one reference.
      throw std::logic_error("a message that cannot be copied was shared and changed");
    }
  }
  caf::type_erased_value_ptr copy(std::size_t) const override {
    if constexpr (std::copy_constructible<T>) {
      return caf::type_erased_value_ptr(new plain_value<T>(value_));
    } else {
      return nullptr;
    }
  }

 private:
  T value_;
};

}  // namespace bulkhead::actors::detail
