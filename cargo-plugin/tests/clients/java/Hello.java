import greeter.Greeter;
import java.nio.file.Files;
import java.nio.file.Path;

/** The lines of the guide. */
final class Hello {
  private Hello() {}

  public static void main(String[] arguments) throws Exception {
    byte[] wasm = Files.readAllBytes(Path.of("greeter.wasm"));
    try (Greeter greeter = Greeter.load(wasm, new Greeter.Options().config(new Greeter.Config().withGreeting("Hi")))) {
      String message = greeter.greet(new Greeter.GreetArguments("Ada")).message();
      if (!message.equals("Hi, Ada!")) {
        throw new AssertionError(message);
      }
    }
  }
}
