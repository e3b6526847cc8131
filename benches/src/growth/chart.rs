//! Charts in SVG, with logarithmic axes: a straight line that climbs a decade per decade is linear.

use std::path::Path;

use anyhow::{Result, anyhow};
use plotters::prelude::*;

use crate::growth::curve::{self, Figure};

const SIZE: (u32, u32) = (720, 400);

/// Colours that differ to people with any colour vision (Okabe and Ito).
const COLOURS: [RGBColor; 4] = [
    RGBColor(0, 114, 178),
    RGBColor(213, 94, 0),
    RGBColor(0, 158, 115),
    RGBColor(204, 121, 167),
];

/// Writes the chart of `figure` to `path`.
pub fn write(figure: &Figure, path: &Path) -> Result<()> {
    draw(figure, path).map_err(|error| anyhow!("cannot draw {}: {error}", path.display()))
}

fn draw(figure: &Figure, path: &Path) -> Result<(), Box<dyn std::error::Error>> {
    let points = || figure.curves.iter().flat_map(|curve| &curve.points);
    let range = |values: &mut dyn Iterator<Item = f64>| {
        let (least, most) = values.fold((f64::MAX, f64::MIN_POSITIVE), |(least, most), value| {
            (least.min(value), most.max(value))
        });
        // Whole decades, so that the marks of the axes are powers of ten.
        10f64.powf(least.log10().floor())..10f64.powf(most.log10().ceil())
    };
    let amounts = range(&mut points().map(|point| point.0));
    let mut costs = range(&mut points().map(|point| point.1));
    let names = figure.curves.len() > 1;
    if names {
        // Decades above the curves, for their names.
        costs.end *= 10f64.powf((figure.curves.len() as f64 / 2.0).ceil());
    }

    let area = SVGBackend::new(path, SIZE).into_drawing_area();
    area.fill(&WHITE)?;
    let mut chart = ChartBuilder::on(&area)
        .caption(figure.title, ("sans-serif", 18))
        .margin(12)
        .margin_right(28)
        .x_label_area_size(44)
        .y_label_area_size(76)
        .build_cartesian_2d(amounts.log_scale(), costs.log_scale())?;
    chart
        .configure_mesh()
        .max_light_lines(0)
        .label_style(("sans-serif", 14))
        .x_desc(figure.amount)
        .y_desc(figure.cost)
        .x_label_formatter(&|amount| curve::short(*amount))
        .y_label_formatter(&|cost| (figure.format)(*cost))
        .draw()?;
    for (curve, colour) in figure.curves.iter().zip(COLOURS.iter().cycle()) {
        let style = ShapeStyle::from(colour).stroke_width(2);
        chart
            .draw_series(LineSeries::new(curve.points.iter().copied(), style).point_size(3))?
            .label(curve.name)
            .legend(move |(x, y)| PathElement::new([(x, y), (x + 16, y)], style));
    }
    if names {
        chart
            .configure_series_labels()
            .position(SeriesLabelPosition::UpperLeft)
            .label_font(("sans-serif", 14))
            .background_style(WHITE)
            .border_style(BLACK.mix(0.3))
            .draw()?;
    }
    area.present()?;
    Ok(())
}
