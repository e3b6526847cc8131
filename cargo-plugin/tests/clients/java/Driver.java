import java.io.IOException;
import java.lang.reflect.Array;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Method;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import typed.Typed;

/**
 * Makes the calls of a table with the client of the guest typed: java Driver typed.wasm
 *
 * <p>Arguments are read into the client's types, and results are written from them, by the client's
 * own functions.
 */
final class Driver {
  private static final Class<?> CODEC = nested("Codec");

  private Driver() {}

  public static void main(String[] arguments) throws IOException, ReflectiveOperationException {
    byte[] wasm = Files.readAllBytes(Path.of(arguments[0]));
    for (Object scenario : (List<?>) parse(new String(System.in.readAllBytes(), "UTF-8"))) {
      Map<?, ?> members = (Map<?, ?>) scenario;
      Typed.Options options = new Typed.Options();
      if (members.get("config") instanceof Map<?, ?> config) {
        options.config((Typed.Config) read("Config", config));
      }
      if (members.get("limits") instanceof Map<?, ?> limits) {
        options.limits(Typed.Limits.DEFAULT.withResultBytes(((Long) limits.get("result_bytes")).intValue()));
      }
      try (Typed client = Typed.load(wasm, options)) {
        for (Object call : (List<?>) members.get("calls")) {
          System.out.println(write(outcome(client, (Map<?, ?>) call)));
        }
      } catch (Typed.PluginException error) {
        System.out.println(write(failed(error)));
      }
    }
  }

  private static Object outcome(Typed client, Map<?, ?> call) throws ReflectiveOperationException {
    try {
      return call.containsKey("hook") ? hook(client, call) : command(client, call);
    } catch (InvocationTargetException error) {
      if (error.getCause() instanceof Typed.PluginException failure) {
        return failed(failure);
      }
      throw error;
    } catch (Typed.PluginException error) {
      return failed(error);
    }
  }

  private static Object hook(Typed client, Map<?, ?> call) {
    switch ((String) call.get("hook")) {
      case "start" -> client.start();
      case "stop" -> client.stop();
      default -> client.event((String) call.get("topic"), call.get("data"));
    }
    return one("result", null);
  }

  private static Object command(Typed client, Map<?, ?> call) throws ReflectiveOperationException {
    String command = (String) call.get("command");
    String name = Set.of("load", "import").contains(command) ? command + "_" : command;
    int count = call.containsKey("arguments") || call.containsKey("input") ? 1 : 0;
    Method method = null;
    for (Method candidate : Typed.class.getMethods()) {
      if (candidate.getName().equals(name) && candidate.getParameterCount() == count) {
        method = candidate;
      }
    }
    if (call.containsKey("not_a_number")) {
      return one("result", client.anything(new Typed.AnythingArguments(Double.NaN)));
    }
    boolean raw = call.containsKey("input") || call.containsKey("output");
    Object[] given = {};
    if (count == 1) {
      Class<?> type = method.getParameterTypes()[0];
      given = new Object[] {raw ? raw(type, (Map<?, ?>) call.get("input")) : read(type.getSimpleName(), call.get("arguments"))};
    }
    Object answer = method.invoke(client, given);
    return !raw || answer == null ? one("result", answer) : one("elements", elements(answer, (Map<?, ?>) call.get("input")));
  }

  /** Returns the input of a raw command, of the type that its method takes. */
  private static Object raw(Class<?> type, Map<?, ?> input) {
    List<?> values = (List<?>) input.get("values");
    int repeat = ((Long) input.get("repeat")).intValue();
    if (type == String.class) {
      return ((String) values.get(0)).repeat(repeat);
    }
    Object array = Array.newInstance(type.getComponentType(), values.size() * repeat);
    for (int nth = 0; nth < Array.getLength(array); nth++) {
      String text = String.valueOf(values.get(nth % values.size()));
      switch ((String) input.get("element")) {
        case "u8" -> Array.setByte(array, nth, (byte) Integer.parseInt(text));
        case "i16" -> Array.setShort(array, nth, Short.parseShort(text));
        case "u64" -> Array.setLong(array, nth, Long.parseUnsignedLong(text));
        default -> Array.setFloat(array, nth, Float.parseFloat(text));
      }
    }
    return array;
  }

  private static Object elements(Object answer, Map<?, ?> input) {
    List<Object> values = new ArrayList<>();
    Map<String, Object> elements = one("values", values);
    elements.put("count", answer instanceof String ? 1 : Array.getLength(answer));
    if (answer instanceof String) {
      values.add(answer);
      return elements;
    }
    for (int nth = 0; nth < Math.min(4, Array.getLength(answer)); nth++) {
      Object value = Array.get(answer, nth);
      if (value instanceof Byte bits) {
        values.add(Byte.toUnsignedInt(bits));
      } else if (value instanceof Long bits) {
        values.add(new java.math.BigInteger(Long.toUnsignedString(bits)));
      } else {
        double number = ((Number) value).doubleValue();
        values.add(Double.isFinite(number) ? value : String.valueOf(value));
      }
    }
    return elements;
  }

  private static Map<String, Object> failed(Typed.PluginException error) {
    Map<String, Object> members = one("code", error.code().text());
    members.put("message", error.getMessage());
    members.put("panic", error.panic() == null ? null : error.panic().message());
    members.put("file", error.panic() == null ? null : error.panic().file());
    return one("error", members);
  }

  private static Map<String, Object> one(String name, Object value) {
    Map<String, Object> members = new LinkedHashMap<>();
    members.put(name, value);
    return members;
  }

  private static Class<?> nested(String name) {
    try {
      return Class.forName("typed.Typed$" + name);
    } catch (ClassNotFoundException error) {
      throw new IllegalStateException(error);
    }
  }

  private static Object parse(String json) throws ReflectiveOperationException {
    var constructor = nested("JsonReader").getDeclaredConstructor(String.class);
    constructor.setAccessible(true);
    Object reader = constructor.newInstance(json);
    Method readAll = reader.getClass().getDeclaredMethod("readAll");
    readAll.setAccessible(true);
    return readAll.invoke(reader);
  }

  private static Object read(String type, Object value) throws ReflectiveOperationException {
    Method read = CODEC.getDeclaredMethod("read" + type, Object.class);
    read.setAccessible(true);
    return read.invoke(null, value);
  }

  private static String write(Object value) throws ReflectiveOperationException {
    StringBuilder out = new StringBuilder();
    Class<?> type = value == null ? Object.class : value.getClass();
    if (type.getEnclosingClass() == Typed.class) {
      if (type.getSimpleName().startsWith("Tuple")) {
        List<Object> items = new ArrayList<>();
        for (var component : type.getRecordComponents()) {
          items.add(component.getAccessor().invoke(value));
        }
        return write(items);
      }
      Class<?> written = type.getInterfaces().length == 1 ? type.getInterfaces()[0] : type;
      Method write = CODEC.getDeclaredMethod("write" + written.getSimpleName(), StringBuilder.class, written);
      write.setAccessible(true);
      write.invoke(null, out, value);
    } else if (value instanceof List<?> items) {
      for (Object item : items) {
        out.append(out.isEmpty() ? "[" : ",").append(write(item));
      }
      out.append(out.isEmpty() ? "[]" : "]");
    } else if (value instanceof Map<?, ?> members) {
      for (Map.Entry<?, ?> member : members.entrySet()) {
        out.append(out.isEmpty() ? "{" : ",").append(write(member.getKey())).append(':').append(write(member.getValue()));
      }
      out.append(out.isEmpty() ? "{}" : "}");
    } else {
      Method put = CODEC.getDeclaredMethod("putAny", StringBuilder.class, Object.class);
      put.setAccessible(true);
      put.invoke(null, out, value);
    }
    return out.toString();
  }
}
